//! Just enough HTTP/1.1 with keep-alive to measure with: heads are searched, not parsed, so that the tool stays
//! far cheaper than what it measures. It only ever speaks with itself and with the process under test.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio_util::task::TaskTracker;

/// How much room is made for each read, in bytes.
const READ: usize = 8 * 1024;
const END_OF_HEAD: &[u8] = b"\r\n\r\n";

/// One kept-alive connection, of either side.
pub struct Wire {
    stream: TcpStream,
    buffer: Vec<u8>,
    /// How much of the buffer the last message took.
    used: usize,
}

/// A request or a response, as it came.
#[derive(Debug, Clone, Copy)]
pub struct Message<'a> {
    /// The first line and the fields.
    pub head: &'a [u8],
    /// The body.
    pub body: &'a [u8],
}

/// Answers requests.
pub trait Service: Send + Sync + 'static {
    /// Writes the JSON body of a 200 to `out`; `false` means that this request is never answered.
    fn answer(&self, request: Message<'_>, out: &mut Vec<u8>) -> bool;
}

impl Wire {
    /// A connection to `address`.
    pub async fn connect(address: SocketAddr) -> io::Result<Self> {
        TcpStream::connect(address).await.and_then(Self::new)
    }

    /// This connection.
    pub fn new(stream: TcpStream) -> io::Result<Self> {
        stream.set_nodelay(true)?;
        Ok(Self { stream, buffer: Vec::with_capacity(READ), used: 0 })
    }

    /// Sends bytes that are a whole message.
    pub async fn write(&mut self, message: &[u8]) -> io::Result<()> {
        self.stream.write_all(message).await
    }

    /// The next message; `None` when the other side has closed. Only bodies with a length are understood.
    pub async fn read(&mut self) -> io::Result<Option<Message<'_>>> {
        self.buffer.drain(..self.used);
        self.used = 0;
        let head = loop {
            if let Some(end) = find(&self.buffer, END_OF_HEAD) {
                break end;
            }
            if self.more().await? == 0 {
                return Ok(None);
            }
        };
        let body = head + END_OF_HEAD.len();
        let length = field(&self.buffer[..head], b"content-length").and_then(number).unwrap_or(0);
        while self.buffer.len() < body + length {
            if self.more().await? == 0 {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
        }
        self.used = body + length;
        Ok(Some(Message { head: &self.buffer[..head], body: &self.buffer[body..self.used] }))
    }

    /// Sends a request and returns the status of its answer.
    pub async fn exchange(&mut self, request: &[u8]) -> io::Result<u16> {
        self.write(request).await?;
        self.read()
            .await?
            .and_then(|answer| answer.status())
            .ok_or_else(|| io::ErrorKind::UnexpectedEof.into())
    }

    async fn more(&mut self) -> io::Result<usize> {
        self.buffer.reserve(READ);
        self.stream.read_buf(&mut self.buffer).await
    }
}

impl<'a> Message<'a> {
    /// A request's path with its query.
    pub fn path(&self) -> &'a str {
        let line = self.head.split(|byte| *byte == b' ').nth(1).unwrap_or_default();
        std::str::from_utf8(line).unwrap_or_default()
    }

    /// A field's value as text; `name` in lower case.
    pub fn field(&self, name: &str) -> Option<&'a str> {
        std::str::from_utf8(field(self.head, name.as_bytes())?).ok()
    }

    fn status(&self) -> Option<u16> {
        number(self.head.get(9..12)?).and_then(|status| status.try_into().ok())
    }
}

/// Serves every connection of the listener until the process ends.
pub async fn serve(listener: TcpListener, service: Arc<dyn Service>, tracker: TaskTracker) {
    while let Ok((stream, _)) = listener.accept().await {
        let service = Arc::clone(&service);
        tracker.spawn(async move {
            // A broken connection is seen by whoever waits for its answer.
            let _ = converse(stream, &*service).await;
        });
    }
}

async fn converse(stream: TcpStream, service: &dyn Service) -> io::Result<()> {
    let mut wire = Wire::new(stream)?;
    let (mut body, mut answer) = (Vec::new(), Vec::new());
    while let Some(request) = wire.read().await? {
        body.clear();
        // Unanswered, the connection stays open until the other side closes it: the next read waits for that.
        if service.answer(request, &mut body) {
            ok(&body, &mut answer);
            wire.write(&answer).await?;
        }
    }
    Ok(())
}

/// Writes a 200 with this JSON body to `out`.
pub fn ok(body: &[u8], out: &mut Vec<u8>) {
    out.clear();
    out.extend_from_slice(b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: ");
    out.extend_from_slice(body.len().to_string().as_bytes());
    out.extend_from_slice(END_OF_HEAD);
    out.extend_from_slice(body);
}

/// A JSON `POST`; `fields` are further header lines, each with its end.
pub fn post(path: &str, fields: &str, body: &[u8]) -> Vec<u8> {
    let head = format!(
        "POST {path} HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\ncontent-length: {}\r\n{fields}\r\n",
        body.len()
    );
    let mut request = head.into_bytes();
    request.extend_from_slice(body);
    request
}

/// Where `needle` begins.
pub fn find(hay: &[u8], needle: &[u8]) -> Option<usize> {
    let first = *needle.first()?;
    let mut from = 0;
    loop {
        from += hay.get(from..)?.iter().position(|byte| *byte == first)?;
        if hay[from..].starts_with(needle) {
            return Some(from);
        }
        from += 1;
    }
}

/// The decimal number that is the whole text.
pub fn number(digits: &[u8]) -> Option<usize> {
    std::str::from_utf8(digits).ok()?.parse().ok()
}

fn field<'a>(head: &'a [u8], name: &[u8]) -> Option<&'a [u8]> {
    head.split(|byte| *byte == b'\n').find_map(|line| {
        let value = line.get(name.len()..)?.strip_prefix(b":")?;
        line[..name.len()].eq_ignore_ascii_case(name).then(|| value.trim_ascii())
    })
}
