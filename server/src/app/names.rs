//! Names for nodes that people can tell apart in a log.

use uuid::Uuid;

const ADJECTIVES: &[&str] = &[
    "amber", "brave", "brisk", "calm", "clear", "cosmic", "crisp", "deep", "eager", "early",
    "fair", "fleet", "fresh", "gentle", "golden", "grand", "happy", "hidden", "humble", "keen",
    "kind", "light", "lively", "loyal", "lucky", "mellow", "merry", "mild", "misty", "modest",
    "noble", "patient", "plain", "polar", "proud", "quick", "quiet", "rapid", "ready", "rosy",
    "royal", "sharp", "silent", "silver", "smooth", "solar", "steady", "still", "sunny", "swift",
    "tidy", "vast", "vivid", "warm", "wise", "witty", "young", "zesty",
];

const NAMES: &[&str] = &[
    "alder", "aster", "badger", "basil", "beaver", "birch", "bison", "cedar", "clover", "comet",
    "crane", "cypress", "dahlia", "delta", "dune", "eagle", "elm", "falcon", "fern", "finch",
    "fjord", "gecko", "glacier", "harbor", "hazel", "heron", "ibis", "iris", "island", "ivy",
    "jade", "juniper", "kestrel", "lagoon", "lark", "laurel", "lichen", "lotus", "lynx", "maple",
    "marten", "meadow", "meteor", "moss", "nebula", "oak", "onyx", "orchid", "otter", "pebble",
    "pine", "plover", "poppy", "quartz", "raven", "reef", "robin", "saffron", "sparrow", "spruce",
    "summit", "tern", "thistle", "tulip", "tundra", "valley", "walnut", "willow", "wren", "yarrow",
];

/// `knode-<adjective>-<name>-<n>`, at random.
pub(super) fn node() -> String {
    let random = Uuid::new_v4().as_u128();
    let pick = |words: &[&'static str], bits: u128| words[(bits % words.len() as u128) as usize];
    let adjective = pick(ADJECTIVES, random & 0xffff_ffff);
    let name = pick(NAMES, random >> 96);
    // Bits that a v4 uuid leaves to chance.
    let number = (random >> 32 & 0xff_ffff) % 100_000;
    format!("knode-{adjective}-{name}-{number}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_have_three_parts_and_differ() {
        let names: std::collections::HashSet<_> = (0..100).map(|_| node()).collect();
        assert!(names.len() > 95);
        for name in names {
            let parts: Vec<_> = name.split('-').collect();
            assert_eq!((parts.len(), parts[0]), (4, "knode"), "{name}");
            assert!(parts[3].parse::<u32>().is_ok(), "{name}");
        }
    }
}
