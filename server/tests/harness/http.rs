//! An HTTP/1.1 client with nothing between the test and the bytes.

use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::TcpStream;

use serde_json::Value;

use super::PATIENCE;

/// One connection; requests on it are answered in order.
pub struct Http {
    stream: BufReader<TcpStream>,
}

/// What the server answered.
#[derive(Clone, Debug)]
pub struct Answer {
    pub status: u16,
    /// In the order of the wire, names as sent.
    pub headers: Vec<(String, String)>,
    /// Without the framing of chunks, still compressed.
    pub body: Vec<u8>,
}

impl Http {
    pub fn connect(port: u16) -> Self {
        let stream = TcpStream::connect(("127.0.0.1", port)).unwrap();
        stream.set_nodelay(true).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        stream.set_write_timeout(Some(PATIENCE)).unwrap();
        Self {
            stream: BufReader::new(stream),
        }
    }

    /// Sends a request and reads its answer.
    pub fn call(
        &mut self,
        verb: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: &[u8],
    ) -> Answer {
        let mut head = format!("{verb} {path} HTTP/1.1\r\nHost: localhost\r\n");
        for (name, value) in headers {
            head.push_str(&format!("{name}: {value}\r\n"));
        }
        if !body.is_empty() {
            head.push_str(&format!("Content-Length: {}\r\n", body.len()));
        }
        head.push_str("\r\n");
        // A server may refuse by the head alone and close: its answer still counts.
        let _ = self.try_send(&[head.as_bytes(), body].concat());
        match verb {
            "HEAD" => self.read_head(),
            _ => self.read(),
        }
    }

    /// Sends bytes as they are.
    pub fn send(&mut self, bytes: impl AsRef<[u8]>) {
        self.try_send(bytes.as_ref()).unwrap();
    }

    pub fn try_send(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.stream.get_mut().write_all(bytes)
    }

    /// Tells the server that nothing more will come.
    pub fn finish_sending(&mut self) {
        let stream = self.stream.get_mut();
        stream.shutdown(std::net::Shutdown::Write).unwrap();
    }

    /// The next answer.
    pub fn read(&mut self) -> Answer {
        self.try_read().unwrap().expect("closed without an answer")
    }

    /// The next answer, `None` when the server has closed the connection.
    pub fn try_read(&mut self) -> io::Result<Option<Answer>> {
        let Some(mut answer) = self.try_read_head()? else {
            return Ok(None);
        };
        answer.body = self.read_body(&answer)?;
        Ok(Some(answer))
    }

    /// The answer to a HEAD request, which has no body whatever its headers say.
    pub fn read_head(&mut self) -> Answer {
        self.try_read_head()
            .unwrap()
            .expect("closed without an answer")
    }

    /// The status of one more request, `None` when the connection is broken.
    pub fn try_read_status(&mut self, verb: &str, path: &str) -> Option<u16> {
        let request = format!("{verb} {path} HTTP/1.1\r\nHost: localhost\r\n\r\n");
        self.try_send(request.as_bytes()).ok()?;
        self.try_read().ok()?.map(|it| it.status)
    }

    /// Whether the server closed the connection, without a further answer.
    pub fn is_closed(&mut self) -> bool {
        matches!(self.try_read(), Ok(None) | Err(_))
    }

    fn try_read_head(&mut self) -> io::Result<Option<Answer>> {
        let line = self.read_line()?;
        if line.is_empty() {
            return Ok(None);
        }
        let status = line.split(' ').nth(1).and_then(|it| it.parse().ok());
        let mut headers = Vec::new();
        loop {
            let line = self.read_line()?;
            let Some((name, value)) = line.split_once(':') else {
                break;
            };
            headers.push((name.to_owned(), value.trim().to_owned()));
        }
        Ok(Some(Answer {
            status: status.ok_or_else(|| io::Error::other(format!("not a status line: {line}")))?,
            headers,
            body: Vec::new(),
        }))
    }

    fn read_body(&mut self, answer: &Answer) -> io::Result<Vec<u8>> {
        let mut body = Vec::new();
        if answer.header("transfer-encoding").is_some() {
            while let Some(mut chunk) = self.read_chunk()? {
                body.append(&mut chunk);
            }
        } else if let Some(length) = answer.header("content-length") {
            body.resize(length.parse().map_err(io::Error::other)?, 0);
            self.stream.read_exact(&mut body)?;
        } else if answer.status != 204 && answer.status != 101 {
            self.stream.read_to_end(&mut body)?;
        }
        Ok(body)
    }

    fn read_chunk(&mut self) -> io::Result<Option<Vec<u8>>> {
        let line = self.read_line()?;
        let length = usize::from_str_radix(line.trim(), 16).map_err(io::Error::other)?;
        let mut chunk = vec![0; length];
        self.stream.read_exact(&mut chunk)?;
        self.read_line()?;
        Ok(Some(chunk).filter(|_| length > 0))
    }

    fn read_line(&mut self) -> io::Result<String> {
        let mut line = String::new();
        self.stream.read_line(&mut line)?;
        line.truncate(line.trim_end_matches(['\r', '\n']).len());
        Ok(line)
    }
}

impl Answer {
    /// The first header of this name, in any case.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers_of(name).into_iter().next()
    }

    /// All headers of this name.
    pub fn headers_of(&self, name: &str) -> Vec<&str> {
        let named = self
            .headers
            .iter()
            .filter(|it| it.0.eq_ignore_ascii_case(name));
        named.map(|it| it.1.as_str()).collect()
    }

    pub fn text(&self) -> &str {
        std::str::from_utf8(&self.body).unwrap()
    }

    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body)
            .unwrap_or_else(|it| panic!("{it}: {}", String::from_utf8_lossy(&self.body)))
    }

    /// `result` of the envelope; panics on an error.
    pub fn result(&self) -> Value {
        let mut envelope = self.json();
        assert!(envelope["error"].is_null(), "{envelope}");
        envelope["result"].take()
    }

    /// The id of the error, in an envelope or bare; empty without one.
    pub fn error_id(&self) -> String {
        let json = self.json();
        let id = json["error"]["id"].as_str().or(json["id"].as_str());
        id.unwrap_or_default().to_owned()
    }
}
