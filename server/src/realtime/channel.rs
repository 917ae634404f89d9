//! Channels: what a subscriber wants to be told of a room.
//!
//! Clients know a channel as `<room id>-<u><p><s>`: a digit for the users it is
//! told of (1 all, 2 in, 3 out or none), one for propagation (always 1: to every
//! node) and one for the scope (1 all, 2 in, 3 out, no digit for none).

/// Which comings and goings a subscriber is told of. As a scope: those of
/// documents; as users: those of other subscribers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Interest {
    All,
    In,
    Out,
    None,
}

/// Whether a document or a subscriber came in or went out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Direction {
    In,
    Out,
}

impl Direction {
    /// The word of notifications.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::In => "in",
            Self::Out => "out",
        }
    }
}

impl Interest {
    /// `None` for any other word than `all`, `in`, `out`, `none`.
    pub(crate) fn parse(word: &str) -> Option<Self> {
        Some(match word {
            "all" => Self::All,
            "in" => Self::In,
            "out" => Self::Out,
            "none" => Self::None,
            _ => return None,
        })
    }

    pub(super) fn includes(self, direction: Direction) -> bool {
        match self {
            Self::All => true,
            Self::In => direction == Direction::In,
            Self::Out => direction == Direction::Out,
            Self::None => false,
        }
    }
}

/// What clients call the channel. Users `out` and `none` share their digit.
pub(super) fn channel_name(room_id: &str, scope: Interest, users: Interest) -> String {
    let users = match users {
        Interest::All => '1',
        Interest::In => '2',
        Interest::Out | Interest::None => '3',
    };
    let scope = match scope {
        Interest::All => "1",
        Interest::In => "2",
        Interest::Out => "3",
        Interest::None => "",
    };
    format!("{room_id}-{users}1{scope}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn channel_names_end_in_the_digits_that_clients_know() {
        let cases = [
            (Interest::All, Interest::None, "r-311"),
            (Interest::All, Interest::All, "r-111"),
            (Interest::In, Interest::In, "r-212"),
            (Interest::Out, Interest::Out, "r-313"),
            (Interest::None, Interest::All, "r-11"),
            (Interest::None, Interest::None, "r-31"),
        ];
        for (scope, users, expected) in cases {
            assert_eq!(channel_name("r", scope, users), expected);
        }
    }

    #[test]
    fn words_are_read_exactly() {
        let cases = [
            ("all", Some(Interest::All)),
            ("in", Some(Interest::In)),
            ("out", Some(Interest::Out)),
            ("none", Some(Interest::None)),
            ("All", None),
            ("", None),
        ];
        for (word, expected) in cases {
            assert_eq!(Interest::parse(word), expected);
        }
    }
}
