//! Shapes as text (WKT): `POLYGON ((30 10, 40 40, 20 40, 30 10))`, and
//! Elasticsearch's `BBOX (left, right, top, bottom)`.

use super::json::{Result, lines, on_earth, polygons};
use super::{Line, Point, Shape};

const DEPTH_MAX: usize = 16;

pub(super) fn read_text(text: &str) -> Result<Shape> {
    let mut reader = Reader { rest: text };
    let shape = reader.shape(0)?;
    match reader.rest.trim().is_empty() {
        true => Ok(shape),
        false => Err(format!(
            "the text goes on after the shape: {}",
            preview(reader.rest)
        )),
    }
}

struct Reader<'t> {
    rest: &'t str,
}

fn preview(text: &str) -> String {
    text.chars().take(20).collect()
}

impl<'t> Reader<'t> {
    fn shape(&mut self, depth: usize) -> Result<Shape> {
        let name = self.word().to_ascii_lowercase();
        let rest = self.rest;
        if self.word().eq_ignore_ascii_case("empty") {
            return Ok(Shape::Collection(Vec::new()));
        }
        self.rest = rest;
        Ok(match name.as_str() {
            "point" => Shape::Points(self.list(Self::position)?),
            "multipoint" => Shape::Points(self.list(Self::wrapped_position)?),
            "linestring" => lines(vec![self.line()?])?,
            "multilinestring" => lines(self.list(Self::line)?)?,
            "polygon" => polygons(vec![self.list(Self::line)?], true)?,
            "multipolygon" => polygons(self.list(|it| it.list(Self::line))?, true)?,
            "bbox" | "envelope" => self.envelope()?,
            "geometrycollection" if depth == DEPTH_MAX => {
                return Err(format!(
                    "collections of shapes nest deeper than {DEPTH_MAX}"
                ));
            }
            "geometrycollection" => Shape::Collection(self.list(|it| it.shape(depth + 1))?),
            _ => {
                return Err(format!(
                    "there is no shape of the type [{}]",
                    preview(&name)
                ));
            }
        })
    }

    fn word(&mut self) -> &'t str {
        let text = self.rest.trim_start();
        let end = text.find(|it: char| !it.is_ascii_alphabetic());
        let (word, rest) = text.split_at(end.unwrap_or(text.len()));
        self.rest = rest;
        word
    }

    fn has(&mut self, letter: char) -> bool {
        match self.rest.trim_start().strip_prefix(letter) {
            Some(rest) => {
                self.rest = rest;
                true
            }
            None => false,
        }
    }

    fn expect(&mut self, letter: char) -> Result<()> {
        match self.has(letter) {
            true => Ok(()),
            false => Err(format!("expected `{letter}` at `{}`", preview(self.rest))),
        }
    }

    /// `(a, b, …)`.
    fn list<T>(&mut self, mut read: impl FnMut(&mut Self) -> Result<T>) -> Result<Vec<T>> {
        self.expect('(')?;
        let mut items = vec![read(self)?];
        while self.has(',') {
            items.push(read(self)?);
        }
        self.expect(')')?;
        Ok(items)
    }

    fn line(&mut self) -> Result<Line> {
        self.list(Self::position)
    }

    fn wrapped_position(&mut self) -> Result<Point> {
        if self.has('(') {
            let position = self.position()?;
            self.expect(')')?;
            return Ok(position);
        }
        self.position()
    }

    fn position(&mut self) -> Result<Point> {
        let (lon, lat) = (self.number()?, self.number()?);
        // A height.
        let rest = self.rest;
        if self.number().is_err() {
            self.rest = rest;
        }
        on_earth(lon, lat)
    }

    fn envelope(&mut self) -> Result<Shape> {
        let sides = self.list(Self::number)?;
        let [left, right, top, bottom] = sides[..] else {
            return Err("BBOX has four sides: left, right, top, bottom".into());
        };
        on_earth(left, top)?;
        on_earth(right, bottom)?;
        if top < bottom {
            return Err("the top of a BBOX lies below its bottom".into());
        }
        Ok(Shape::Envelope {
            top,
            left,
            bottom,
            right,
        })
    }

    fn number(&mut self) -> Result<f64> {
        let text = self.rest.trim_start();
        let end = text.find(|it: char| !(it.is_ascii_alphanumeric() || "+-.".contains(it)));
        let (number, rest) = text.split_at(end.unwrap_or(text.len()));
        let number = number.parse();
        self.rest = rest;
        number.map_err(|_| format!("expected a number at `{}`", preview(text)))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::read_shape;
    use super::*;

    #[test]
    fn texts_say_what_json_says() {
        let ring = [[30, 10], [40, 40], [20, 40], [30, 10]];
        let cases = [
            (
                "POINT (30 10)",
                json!({"type": "point", "coordinates": [30, 10]}),
            ),
            (
                "point(30 10 5)",
                json!({"type": "point", "coordinates": [30, 10]}),
            ),
            (
                "LINESTRING (30 10, 10 30.5)",
                json!({"type": "linestring", "coordinates": [[30, 10], [10, 30.5]]}),
            ),
            (
                "POLYGON ((30 10, 40 40, 20 40, 30 10))",
                json!({"type": "polygon", "coordinates": [ring]}),
            ),
            (
                "MULTIPOLYGON (((30 10, 40 40, 20 40, 30 10)))",
                json!({"type": "multipolygon", "coordinates": [[ring]]}),
            ),
            (
                "MULTIPOINT ((1 2), (3 4))",
                json!({"type": "multipoint", "coordinates": [[1, 2], [3, 4]]}),
            ),
            (
                "MULTIPOINT (1 2, 3 4)",
                json!({"type": "multipoint", "coordinates": [[1, 2], [3, 4]]}),
            ),
            (
                "MULTILINESTRING ((1 2, 3 4), (5 6, 7 8))",
                json!({"type": "multilinestring", "coordinates": [[[1, 2], [3, 4]], [[5, 6], [7, 8]]]}),
            ),
            (
                "BBOX (-10, 10, 5, -5)",
                json!({"type": "envelope", "coordinates": [[-10, 5], [10, -5]]}),
            ),
            (
                "GEOMETRYCOLLECTION (POINT (1 2), LINESTRING (1 2, 3 4))",
                json!({"type": "geometrycollection", "geometries": [
                    {"type": "point", "coordinates": [1, 2]},
                    {"type": "linestring", "coordinates": [[1, 2], [3, 4]]},
                ]}),
            ),
        ];
        for (text, same) in cases {
            assert_eq!(read_text(text), read_shape(&same), "{text}");
            assert!(read_text(text).is_ok());
        }
        assert_eq!(
            read_text("POLYGON EMPTY"),
            Ok(Shape::Collection(Vec::new()))
        );
    }

    #[test]
    fn other_texts_are_refused() {
        let deep = "GEOMETRYCOLLECTION (".repeat(100_000);
        for text in [
            "",
            "POINT",
            "POINT (1)",
            "POINT (1 2",
            "POINT (1 2) x",
            "POINT (1 91)",
            "STAR (1 2)",
            "POLYGON ((1 2, 3 4, 5 6))",
            "BBOX (1, 2, 3)",
            "LINESTRING (1 2)",
            "POINT (a b)",
            &deep,
        ] {
            assert!(read_text(text).is_err(), "{}", preview(text));
        }
    }
}
