//! RabbitMQ's management API, asked as the user `grader`, who may look at everything and change
//! only what is named `slipway-probe-…`.

use std::fmt::Write as _;

use base64::{Engine as _, engine::general_purpose::STANDARD};
use bytes::Bytes;
use http_body_util::Full;
use hyper::{
    Method, Request,
    header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE, HOST, HeaderValue},
};
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::domain::ids::Slug;

use super::{
    super::{
        http_client::{Answer, exchange},
        look::Stop,
        machines::Machines,
        reach::{self, Dialled},
    },
    Asking,
};

/// Port of the management API.
const PORT: u16 = 15672;
/// Most bytes of one answer.
const MAX_ANSWER: usize = 1024 * 1024;

/// Where the virtual host `/` stands in addresses.
pub(super) fn path(kind: &str, names: &[&str]) -> String {
    let mut path = format!("/api/{kind}/%2F");
    for name in names {
        path.push('/');
        path.push_str(&percent_encode(name));
    }
    path
}

impl<M: Machines> Asking<'_, M> {
    /// One request over a connection of its own.
    pub(super) async fn call(
        &mut self,
        method: Method,
        path: &str,
        body: Option<&Value>,
    ) -> Result<Answer, Stop> {
        let dialled = reach::dial_port(self.machines, self.machine, PORT, self.left()).await?;
        let (stream, _agent) = match dialled {
            Dialled::Connected(stream, agent) => (stream, agent),
            Dialled::Refused => return Err(self.silent("refuses connections")),
            Dialled::OutOfReach(reason) => return Err(self.silent(reason)),
        };
        let secret = self.machines.secret().expose();
        let request = request(self.machine, method, path, secret, body).map_err(Stop::Lab)?;
        let answer = match exchange(stream, request, self.left(), MAX_ANSWER).await {
            Ok(answer) => answer,
            Err(error) => return Err(self.silent(error)),
        };
        match answer.status.as_u16() {
            status @ (401 | 403) => Err(Stop::Trouble(reach::Trouble::Ours(format!(
                "{}: the broker does not let the grader do this (status {status} for {path})",
                self.machine
            )))),
            _ => Ok(answer),
        }
    }

    /// What is at an address; `None` when there is nothing.
    pub(super) async fn get<T: DeserializeOwned>(&mut self, path: &str) -> Result<Option<T>, Stop> {
        let answer = self.call(Method::GET, path, None).await?;
        match read(&answer) {
            Ok(value) => Ok(value),
            Err(reason) => Err(self.silent(reason)),
        }
    }

    /// A list, which is always there.
    pub(super) async fn list<T: DeserializeOwned>(&mut self, path: &str) -> Result<Vec<T>, Stop> {
        match self.get(path).await? {
            Some(list) => Ok(list),
            None => Err(self.silent(format_args!("nothing at {path}"))),
        }
    }
}

/// Reads what the API answers a question; `None` for what does not exist.
pub(super) fn read<T: DeserializeOwned>(answer: &Answer) -> Result<Option<T>, String> {
    match answer.status.as_u16() {
        200 if answer.truncated => Err(format!("more than {MAX_ANSWER} bytes")),
        200 => serde_json::from_slice(&answer.body)
            .map(Some)
            .map_err(|e| e.to_string()),
        404 => Ok(None),
        status => Err(format!("status {status}")),
    }
}

fn request(
    machine: &Slug,
    method: Method,
    path: &str,
    secret: &str,
    body: Option<&Value>,
) -> Result<Request<Full<Bytes>>, String> {
    let login = format!("Basic {}", STANDARD.encode(format!("grader:{secret}")));
    let mut login = HeaderValue::try_from(login).map_err(|e| e.to_string())?;
    login.set_sensitive(true);
    let body = body.map_or_else(Full::default, |body| Full::from(body.to_string()));
    Request::builder()
        .method(method)
        .uri(path)
        .header(HOST, format!("{machine}:{PORT}"))
        .header(ACCEPT, "application/json")
        .header(CONTENT_TYPE, "application/json")
        .header(AUTHORIZATION, login)
        .body(body)
        .map_err(|e| e.to_string())
}

/// RFC 3986: everything but unreserved characters.
fn percent_encode(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~') {
            out.push(char::from(byte));
        } else {
            // Writing into a string can't fail.
            let _ = write!(out, "%{byte:02X}");
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use hyper::{HeaderMap, StatusCode};

    use super::*;

    #[test]
    fn a_queue_s_name_is_one_part_of_the_path() {
        assert_eq!(percent_encode("a/b ü?"), "a%2Fb%20%C3%BC%3F");
        let machine = "broker".parse().unwrap();
        let path = path("queues", &["a/b"]);
        let request = request(&machine, Method::GET, &path, "s3cret", None).unwrap();
        assert_eq!(request.uri(), "/api/queues/%2F/a%2Fb");
        assert_eq!(
            request.headers()[AUTHORIZATION],
            "Basic Z3JhZGVyOnMzY3JldA=="
        );
        assert!(!format!("{request:?}").contains("Z3JhZGVy"));
    }

    #[test]
    fn answers_that_are_not_the_api_s_are_no_observation() {
        let answer = |status: u16, body: &str| Answer {
            status: StatusCode::from_u16(status).unwrap(),
            headers: HeaderMap::new(),
            body: body.into(),
            truncated: false,
        };
        assert_eq!(read::<Vec<u8>>(&answer(404, "{}")), Ok(None));
        assert_eq!(read::<Vec<u8>>(&answer(200, "[1]")), Ok(Some(vec![1])));
        let cut = Answer {
            truncated: true,
            ..answer(200, "[1]")
        };
        for bad in [answer(200, "<html>"), answer(500, ""), answer(302, ""), cut] {
            assert!(read::<Vec<u8>>(&bad).is_err(), "{bad:?}");
        }
    }
}
