//! The body of a request: how much of it, how long, and what is inside.

use std::io::Read as _;
use std::time::Duration;

use flate2::read::MultiGzDecoder;
use http_body_util::BodyExt as _;
use hyper::HeaderMap;
use hyper::body::{Body as _, Bytes, Incoming};
use hyper::header::CONTENT_ENCODING;
use tokio::time::{Instant, timeout_at};

use super::refusal::Refusal;

/// How a body is compressed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Encoding {
    Identity,
    Gzip,
}

impl Encoding {
    pub(super) fn of(headers: &HeaderMap) -> Result<Self, Refusal> {
        let Some(value) = headers.get(CONTENT_ENCODING) else {
            return Ok(Self::Identity);
        };
        match value.to_str().map(|name| name.trim().to_ascii_lowercase()) {
            Ok(name) if name == "identity" || name.is_empty() => Ok(Self::Identity),
            Ok(name) if name == "gzip" || name == "x-gzip" => Ok(Self::Gzip),
            _ => Err(Refusal::Encoding(
                String::from_utf8_lossy(value.as_bytes()).escape_debug().to_string(),
            )),
        }
    }

    /// What is inside, at most `limit` bytes of it.
    pub(super) fn decode(self, body: Bytes, limit: usize) -> Result<Bytes, Refusal> {
        if self == Self::Identity {
            return Ok(body);
        }
        let mut inside = Vec::new();
        let most = u64::try_from(limit).unwrap_or(u64::MAX).saturating_add(1);
        let read = MultiGzDecoder::new(&*body).take(most).read_to_end(&mut inside);
        match read {
            _ if inside.len() > limit => Err(Refusal::Bomb(limit)),
            Ok(_) => Ok(inside.into()),
            Err(error) => Err(Refusal::Gzip {
                error: error.to_string(),
                bytes: inside.len(),
            }),
        }
    }
}

/// Reads a body to its end.
pub(super) async fn read(body: &mut Incoming, limit: usize, timeout: Duration) -> Result<Bytes, Refusal> {
    // What is announced need not be read to be known.
    if usize::try_from(body.size_hint().lower()).map_or(true, |announced| announced > limit) {
        return Err(Refusal::TooLarge(limit));
    }
    let end = Instant::now() + timeout;
    let mut bytes = Vec::new();
    loop {
        match timeout_at(end, body.frame()).await {
            Ok(None) => return Ok(bytes.into()),
            Ok(Some(Ok(frame))) => {
                let data = frame.into_data().unwrap_or_default();
                if bytes.len() + data.len() > limit {
                    return Err(Refusal::TooLarge(limit));
                }
                bytes.extend_from_slice(&data);
            }
            Ok(Some(Err(error))) => {
                return Err(Refusal::BrokenOff {
                    bytes: bytes.len(),
                    error: error.to_string(),
                });
            }
            Err(_) => {
                return Err(Refusal::Slow {
                    bytes: bytes.len(),
                    timeout,
                });
            }
        }
    }
}

/// Reads on and forgets, so that a client that writes before it reads sees why it is refused and not a broken
/// connection. Within limits: what is more is cut off.
pub(super) async fn discard(body: &mut Incoming, limit: usize, timeout: Duration) {
    let end = Instant::now() + timeout;
    let mut read = 0;
    while let Ok(Some(Ok(frame))) = timeout_at(end, body.frame()).await {
        read += frame.data_ref().map_or(0, Bytes::len);
        if read > limit {
            return;
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use flate2::Compression;
    use flate2::write::GzEncoder;

    use super::*;

    fn gzip(bytes: &[u8]) -> Vec<u8> {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
        encoder.write_all(bytes).unwrap();
        encoder.finish().unwrap()
    }

    #[test]
    fn gzip_is_unpacked_up_to_the_limit() {
        let packed = gzip(&[b'a'; 1000]);
        let unpack = |bytes: &[u8], limit| Encoding::Gzip.decode(Bytes::copy_from_slice(bytes), limit);
        assert_eq!(unpack(&packed, 1000).unwrap(), [b'a'; 1000][..]);
        assert!(matches!(unpack(&packed, 999), Err(Refusal::Bomb(999))));
        let two = [gzip(b"a\n"), gzip(b"b\n")].concat();
        assert_eq!(unpack(&two, 1000).unwrap(), b"a\nb\n"[..]);
        let cut = &packed[..packed.len() - 4];
        assert!(matches!(unpack(cut, 10_000), Err(Refusal::Gzip { .. })));
        assert!(matches!(unpack(b"plain", 10_000), Err(Refusal::Gzip { .. })));
    }
}
