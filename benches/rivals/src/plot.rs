//! Time per document against the number of filters, drawn from a record: two
//! panels, both axes logarithmic, a curve per engine with its name at its end.
//! Colours follow the reader's preference for light or dark.

use std::collections::BTreeMap;
use std::fmt::Write;

/// The engines that are drawn: name in the record, name shown, class of style.
const CURVES: [(&str, &str, &str); 5] = [
    ("koncorde", "koncorde", "ours"),
    ("mokaccino", "mokaccino", "a"),
    ("quamina", "quamina", "b"),
    ("a-tree", "a-tree", "c"),
    ("npm-koncorde-bytes", "npm koncorde", "d"),
];

const PANELS: [(&str, &str); 2] = [
    ("eq", "One equals per filter, five match"),
    ("and", "Rules of four conditions, about two match"),
];

/// Size of a panel, and where the first one lies.
const WIDTH: f64 = 330.0;
const HEIGHT: f64 = 360.0;
const LEFT: f64 = 64.0;
const TOP: f64 = 92.0;
/// From one panel to the next; names stand in between.
const STEP: f64 = 500.0;

/// Powers of ten of the axes: filters, and microseconds.
const X: (f64, f64) = (2.0, 6.0);
const Y: (f64, f64) = (-0.3, 5.0);

/// The least distance between two names.
const LINE: f64 = 17.0;

const STYLE: &str = "
  svg { font-family: system-ui, -apple-system, 'Segoe UI', Helvetica, Arial, sans-serif; }
  .paper { fill: #ffffff; }
  text { fill: #57606a; font-size: 12px; }
  .title { fill: #1f2328; font-size: 17px; font-weight: 600; }
  .panel { fill: #1f2328; font-size: 13px; font-weight: 600; }
  .grid { stroke: #d0d7de; stroke-width: 1; }
  .fine { stroke: #eaeef2; stroke-width: 1; }
  .curve { fill: none; stroke-width: 2; stroke-linejoin: round; stroke-linecap: round; }
  .leader { stroke-width: 1; opacity: 0.6; stroke-dasharray: 2 3; }
  .ours { stroke: #0969da; } .a { stroke: #bc4c00; } .b { stroke: #1a7f37; }
  .c { stroke: #8250df; } .d { stroke: #6e7781; }
  .curve.ours { stroke-width: 3.5; }
  circle { stroke: none !important; }
  circle.ours, text.ours { fill: #0969da; } circle.a, text.a { fill: #bc4c00; }
  circle.b, text.b { fill: #1a7f37; } circle.c, text.c { fill: #8250df; }
  circle.d, text.d { fill: #6e7781; }
  text.name { stroke: none; font-size: 13px; } text.name.ours { font-weight: 700; }
  @media (prefers-color-scheme: dark) {
    .paper { fill: #0d1117; }
    text { fill: #9198a1; }
    .title, .panel { fill: #f0f6fc; }
    .grid { stroke: #30363d; } .fine { stroke: #1c2128; }
    .ours { stroke: #58a6ff; } .a { stroke: #f0883e; } .b { stroke: #3fb950; }
    .c { stroke: #bc8cff; } .d { stroke: #9198a1; }
    circle.ours, text.ours { fill: #58a6ff; } circle.a, text.a { fill: #f0883e; }
    circle.b, text.b { fill: #3fb950; } circle.c, text.c { fill: #bc8cff; }
    circle.d, text.d { fill: #9198a1; }
  }
";

/// Draws a record.
pub fn plot(record: &str) -> Result<String, std::fmt::Error> {
    let mut svg = String::new();
    let (width, height) = (LEFT + STEP + WIDTH + 124.0, TOP + HEIGHT + 56.0);
    writeln!(
        svg,
        r#"<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" height="{height}" role="img">"#
    )?;
    writeln!(
        svg,
        "<title>Time per document against the number of filters</title>"
    )?;
    writeln!(svg, "<style>{STYLE}</style>")?;
    writeln!(
        svg,
        r#"<rect class="paper" width="100%" height="100%" rx="6"/>"#
    )?;
    writeln!(
        svg,
        r#"<text class="title" x="{LEFT}" y="34">Time to test one document of a kilobyte</text>"#
    )?;
    writeln!(
        svg,
        r#"<text x="{LEFT}" y="54">From JSON bytes, one thread, median of five turns. Lower is better.</text>"#
    )?;
    for (number, (workload, title)) in PANELS.iter().enumerate() {
        let left = LEFT + STEP * number as f64;
        writeln!(svg, r#"<g transform="translate({left} {TOP})">"#)?;
        writeln!(svg, r#"<text class="panel" x="0" y="-12">{title}</text>"#)?;
        axes(&mut svg)?;
        curves(&mut svg, &points(record, workload))?;
        writeln!(svg, "</g>")?;
    }
    writeln!(svg, "</svg>")?;
    Ok(svg)
}

fn x(filters: f64) -> f64 {
    (filters.log10() - X.0) / (X.1 - X.0) * WIDTH
}

fn y(micros: f64) -> f64 {
    HEIGHT - (micros.log10() - Y.0) / (Y.1 - Y.0) * HEIGHT
}

fn axes(svg: &mut String) -> std::fmt::Result {
    const TIMES: [&str; 6] = ["1 µs", "10 µs", "100 µs", "1 ms", "10 ms", "100 ms"];
    const FILTERS: [&str; 5] = ["100", "1 000", "10 000", "100 000", "1 000 000"];
    for power in 0..5 {
        for step in 2..10 {
            let at = y(f64::from(step) * 10f64.powi(power));
            writeln!(svg, r#"<path class="fine" d="M0 {at:.1}H{WIDTH}"/>"#)?;
        }
    }
    for (power, text) in (0..).zip(TIMES) {
        let at = y(10f64.powi(power));
        writeln!(svg, r#"<path class="grid" d="M0 {at:.1}H{WIDTH}"/>"#)?;
        let text_y = at + 4.0;
        writeln!(
            svg,
            r#"<text x="-8" y="{text_y:.1}" text-anchor="end">{text}</text>"#
        )?;
    }
    for (power, text) in (2..).zip(FILTERS) {
        let at = x(10f64.powi(power));
        writeln!(svg, r#"<path class="grid" d="M{at:.1} 0V{HEIGHT}"/>"#)?;
        let text_y = HEIGHT + 18.0;
        writeln!(
            svg,
            r#"<text x="{at:.1}" y="{text_y}" text-anchor="middle">{text}</text>"#
        )?;
    }
    let (text_x, text_y) = (WIDTH / 2.0, HEIGHT + 40.0);
    writeln!(
        svg,
        r#"<text x="{text_x}" y="{text_y}" text-anchor="middle">filters</text>"#
    )
}

/// Filters and microseconds by engine.
type Points = BTreeMap<String, Vec<(f64, f64)>>;

fn points(record: &str, workload: &str) -> Points {
    let mut points = Points::new();
    for line in record.lines().skip(1) {
        let cells: Vec<_> = line.split(',').collect();
        let [name, filters, engine, median, ..] = cells.as_slice() else {
            continue;
        };
        let is_wanted = name.split('-').next() == Some(workload);
        if let (true, Ok(filters), Ok(median)) = (is_wanted, filters.parse(), median.parse::<f64>())
        {
            let curve = points.entry((*engine).to_string()).or_default();
            curve.push((filters, median / 1e3));
        }
    }
    points
        .values_mut()
        .for_each(|it| it.sort_by(|a, b| a.0.total_cmp(&b.0)));
    points
}

fn curves(svg: &mut String, points: &Points) -> std::fmt::Result {
    let mut names = Vec::new();
    // Ours last, so that it lies above the others.
    for (engine, name, class) in CURVES.iter().rev() {
        let Some(curve) = points.get(*engine) else {
            continue;
        };
        let places: Vec<_> = curve.iter().map(|it| (x(it.0), y(it.1))).collect();
        let path: Vec<_> = places
            .iter()
            .map(|(x, y)| format!("{x:.1} {y:.1}"))
            .collect();
        writeln!(
            svg,
            r#"<path class="curve {class}" d="M{}"/>"#,
            path.join("L")
        )?;
        for (x, y) in &places {
            let radius = if *class == "ours" { 4 } else { 3 };
            writeln!(
                svg,
                r#"<circle class="{class}" cx="{x:.1}" cy="{y:.1}" r="{radius}"/>"#
            )?;
        }
        if let Some((x, y)) = places.last() {
            names.push((*x, *y, *y, *name, *class));
        }
    }
    apart(&mut names);
    for (x, end, at, name, class) in names {
        let (from, to, text_y) = (x + 7.0, WIDTH + 10.0, at + 4.0);
        let text_x = WIDTH + 14.0;
        writeln!(
            svg,
            r#"<path class="leader {class}" d="M{from:.1} {end:.1}L{to:.1} {at:.1}"/>"#
        )?;
        writeln!(
            svg,
            r#"<text class="name {class}" x="{text_x}" y="{text_y:.1}">{name}</text>"#
        )?;
    }
    Ok(())
}

/// Where a curve ends, where its name shall stand, the name and its class.
type Name<'a> = (f64, f64, f64, &'a str, &'a str);

/// Moves names down until none lies over another.
fn apart(names: &mut [Name<'_>]) {
    names.sort_by(|a, b| a.2.total_cmp(&b.2));
    for it in 1..names.len() {
        names[it].2 = names[it].2.max(names[it - 1].2 + LINE);
    }
}
