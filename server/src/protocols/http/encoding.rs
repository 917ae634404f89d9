//! gzip and deflate, both ways.

use std::io::{self, Read};

use flate2::Compression;
use flate2::read::{DeflateDecoder, GzEncoder, MultiGzDecoder, ZlibDecoder, ZlibEncoder};
use hyper::body::Bytes;
use tokio::task::spawn_blocking;

use crate::error::{
    ApiError, NETWORK_HTTP_REQUEST_TOO_LARGE, NETWORK_HTTP_TOO_MANY_ENCODINGS,
    NETWORK_HTTP_UNEXPECTED_ERROR, NETWORK_HTTP_UNSUPPORTED_COMPRESSION,
};
use crate::protocols::limits::INLINE_COMPRESSION_BYTES;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Encoding {
    Identity,
    Gzip,
    Deflate,
}

impl Encoding {
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Identity => "identity",
            Self::Gzip => "gzip",
            Self::Deflate => "deflate",
        }
    }

    /// What `Accept-Encoding` asks for: gzip or deflate, whichever has the greater
    /// `q`, and gzip when they are equal; none counts as 0. Unlike that, `q=0` is
    /// a refusal.
    pub(super) fn chosen(accepted: &str) -> Self {
        let mut chosen = (Self::Identity, -1.0);
        for item in accepted.split(',') {
            let (name, q) = match item.split_once(';') {
                None => (item, None),
                Some((name, parameter)) => (name, parameter.trim().strip_prefix("q=")),
            };
            let q: Option<f32> = q.map(|it| it.trim().parse().unwrap_or(0.0));
            let encoding = match name.trim().to_ascii_lowercase().as_str() {
                "gzip" | "x-gzip" => Self::Gzip,
                "deflate" => Self::Deflate,
                // Named to say that it is as good as the others, or better.
                "identity" if q.is_some() => Self::Identity,
                _ => continue,
            };
            let q = match q {
                Some(q) if q <= 0.0 => continue,
                q => q.unwrap_or(0.0),
            };
            let wins_ties = encoding == Self::Gzip;
            if q > chosen.1 || wins_ties && q >= chosen.1 {
                chosen = (encoding, q);
            }
        }
        chosen.0
    }

    /// `None` when nothing is to be done.
    pub(super) async fn compress(self, bytes: &Bytes) -> Option<Vec<u8>> {
        if self == Self::Identity || bytes.is_empty() {
            return None;
        }
        if bytes.len() <= INLINE_COMPRESSION_BYTES {
            return self.compress_now(bytes).ok();
        }
        let bytes = bytes.clone();
        let work = spawn_blocking(move || self.compress_now(&bytes));
        work.await.ok()?.ok()
    }

    fn compress_now(self, bytes: &[u8]) -> io::Result<Vec<u8>> {
        let mut compressed = Vec::with_capacity(bytes.len() / 4 + 64);
        let level = Compression::fast();
        match self {
            Self::Identity => 0,
            Self::Gzip => GzEncoder::new(bytes, level).read_to_end(&mut compressed)?,
            Self::Deflate => ZlibEncoder::new(bytes, level).read_to_end(&mut compressed)?,
        };
        Ok(compressed)
    }
}

/// Takes off the layers that `Content-Encoding` lists, the last one first. What
/// comes out is never larger than `bytes_max`.
pub(super) async fn decode(
    bytes: Bytes,
    encodings: &str,
    layers_max: usize,
    bytes_max: usize,
) -> Result<Bytes, ApiError> {
    let layers = layers(encodings, layers_max)?;
    if layers.iter().all(|it| *it == Encoding::Identity) {
        return Ok(bytes);
    }
    // On another thread even when it is small: what comes out may be large.
    let done = spawn_blocking(move || take_off(bytes, &layers, bytes_max)).await;
    done.unwrap_or_else(|it| Err(NETWORK_HTTP_UNEXPECTED_ERROR.with([it.to_string()])))
}

fn layers(encodings: &str, layers_max: usize) -> Result<Vec<Encoding>, ApiError> {
    if encodings.split(',').count() > layers_max {
        return Err(NETWORK_HTTP_TOO_MANY_ENCODINGS.bare());
    }
    let read = |name: &str| match name.trim().to_ascii_lowercase().as_str() {
        "identity" | "" => Ok(Encoding::Identity),
        "gzip" | "x-gzip" => Ok(Encoding::Gzip),
        "deflate" => Ok(Encoding::Deflate),
        other => Err(NETWORK_HTTP_UNSUPPORTED_COMPRESSION.with([other])),
    };
    encodings.split(',').rev().map(read).collect()
}

fn take_off(mut bytes: Bytes, layers: &[Encoding], bytes_max: usize) -> Result<Bytes, ApiError> {
    for layer in layers {
        let decoded = match layer {
            Encoding::Identity => continue,
            Encoding::Gzip => read_bounded(MultiGzDecoder::new(&*bytes), bytes_max),
            Encoding::Deflate if is_zlib(&bytes) => {
                read_bounded(ZlibDecoder::new(&*bytes), bytes_max)
            }
            Encoding::Deflate => read_bounded(DeflateDecoder::new(&*bytes), bytes_max),
        };
        let fail = |it: io::Error| NETWORK_HTTP_UNEXPECTED_ERROR.with([it.to_string()]);
        bytes = decoded
            .map_err(fail)?
            .ok_or_else(|| NETWORK_HTTP_REQUEST_TOO_LARGE.bare())?;
    }
    Ok(bytes)
}

/// `deflate` means the zlib format, but some clients leave its header out.
fn is_zlib(bytes: &[u8]) -> bool {
    match bytes {
        [first, second, ..] => {
            first & 0x0f == 8 && u16::from_be_bytes([*first, *second]).is_multiple_of(31)
        }
        _ => false,
    }
}

/// `None` when there is more than `bytes_max`.
fn read_bounded(source: impl Read, bytes_max: usize) -> io::Result<Option<Bytes>> {
    let mut bytes = Vec::new();
    source.take(bytes_max as u64 + 1).read_to_end(&mut bytes)?;
    Ok((bytes.len() <= bytes_max).then(|| bytes.into()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn clients_choose_by_q() {
        let cases = [
            ("", "identity"),
            ("br", "identity"),
            ("*", "identity"),
            ("gzip", "gzip"),
            ("gzip, deflate, br", "gzip"),
            ("deflate, gzip", "gzip"),
            ("deflate", "deflate"),
            ("deflate;q=0.5, gzip", "deflate"),
            ("gzip;q=0.2, deflate;q=0.8", "deflate"),
            ("gzip; q=0.8 ,deflate;q=0.2", "gzip"),
            ("gzip;q=0", "identity"),
            ("gzip;q=0, deflate", "deflate"),
            ("identity;q=1, gzip;q=0.5", "identity"),
            ("identity, gzip", "gzip"),
            ("GZIP;q=1", "gzip"),
            ("gzip;q=much", "identity"),
        ];
        for (accepted, name) in cases {
            assert_eq!(Encoding::chosen(accepted).name(), name, "{accepted}");
        }
    }
}
