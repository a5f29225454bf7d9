//! `http:` a machine answers a request from the grader machine like this.

use std::{collections::BTreeMap, time::Duration};

use bytes::Bytes;
use http_body_util::Full;
use hyper::{HeaderMap, Method, Request, Uri, header::HOST};
use regex::Regex;
use tokio::time::Instant;

use crate::domain::{
    check::{HttpCheck, Repeat},
    ids::Slug,
};

use super::{
    evidence::Evidence,
    http_client::{Answer, ExchangeError, exchange},
    look::{Finding, Stop},
    machines::Machines,
    matching::{Seen, compile, judge},
    messages,
    nonce::fill,
    reach::{self, Dialled},
};

/// Most bytes of an answer's body that are looked at.
const MAX_BODY: usize = 256 * 1024;
/// Most characters of a body, or of what is picked from it, that are compared with others.
const MAX_PART: usize = 200;

pub(super) async fn look<M: Machines>(
    machines: &M,
    machine: &Slug,
    check: &HttpCheck,
    nonce: &str,
    within: Duration,
    evidence: &mut Evidence,
) -> Result<Finding, Stop> {
    // A machine that is gone refuses nothing: it must be there for its silence to mean anything.
    let until = Instant::now() + within;
    reach::agent(machines, machine).await?;
    let asking = Asking {
        machines,
        machine,
        check,
        nonce,
        within,
        until,
    };
    let Some(repeat) = &check.repeat else {
        return Ok(match asking.ask(evidence).await? {
            Ok(answer) => {
                note(&answer, evidence);
                compare(check, &answer, nonce)?
            }
            Err(finding) => finding,
        });
    };
    let pick = repeat.pick.as_deref().map(compile).transpose()?;
    let mut shares = Shares::default();
    for n in 1..=repeat.times {
        // What is said of one request is said once, not a hundred times.
        let mut own = evidence.empty();
        let finding = match asking.ask(&mut own).await? {
            Ok(answer) => {
                note(&answer, &mut own);
                shares.add(&answer, pick.as_ref());
                compare(check, &answer, nonce)?
            }
            Err(finding) => finding,
        };
        if finding != Finding::Passed {
            evidence.append(&format!("-- request {n} of {} --", repeat.times), &own);
            return Ok(finding);
        }
    }
    shares.note(evidence);
    Ok(shares.judge(repeat))
}

/// What one look asks.
struct Asking<'a, M> {
    machines: &'a M,
    machine: &'a Slug,
    check: &'a HttpCheck,
    nonce: &'a str,
    within: Duration,
    until: Instant,
}

impl<M: Machines> Asking<'_, M> {
    /// One request over a connection of its own: the answer, or the finding that is certain
    /// without one.
    async fn ask(&self, evidence: &mut Evidence) -> Result<Result<Answer, Finding>, Stop> {
        let host = self.machine.as_str();
        let port = self.check.port;
        let request = request(self.check, host, self.nonce).map_err(Stop::Lab)?;
        evidence.line(
            "request",
            format_args!("{} {} to {host}:{port}", request.method(), request.uri()),
        );
        let left = || self.until.saturating_duration_since(Instant::now());
        let unmet = |condition: &str, text| Ok(Err(Finding::unmet(condition, text)));
        let dialled = reach::dial_port(self.machines, self.machine, port, left()).await?;
        let (stream, _agent) = match dialled {
            Dialled::Connected(stream, agent) => (stream, agent),
            Dialled::Refused => {
                evidence.line("seen", "connection refused");
                return if self.check.expect.refused {
                    Ok(Err(Finding::Passed))
                } else {
                    unmet("port", messages::port_refuses(host, port))
                };
            }
            Dialled::OutOfReach(reason) => {
                evidence.line("seen", reason);
                return unmet("port", messages::port_out_of_reach(host, port));
            }
        };
        if self.check.expect.refused {
            evidence.line("seen", "connection accepted");
            return unmet("refused", messages::port_still_answers(host, port));
        }
        match exchange(stream, request, left(), MAX_BODY).await {
            Ok(answer) => Ok(Ok(answer)),
            Err(ExchangeError::Slow) => {
                evidence.line("seen", "no complete answer in time");
                let slow = messages::answer_slow(host, port, self.within.as_secs());
                unmet("answer", slow)
            }
            Err(ExchangeError::Broken(reason)) => {
                let closed = reason.is_incomplete_message();
                evidence.line("seen", &reason);
                unmet(
                    "answer",
                    if closed {
                        messages::answer_missing(host, port)
                    } else {
                        messages::answer_broken(host, port)
                    },
                )
            }
        }
    }
}

/// How often each of the different answers came.
#[derive(Debug, Default)]
struct Shares(BTreeMap<String, u64>);

impl Shares {
    fn add(&mut self, answer: &Answer, pick: Option<&Regex>) {
        let body = String::from_utf8_lossy(&answer.body);
        let part = match pick {
            None => Some(body.trim()),
            Some(pick) => pick
                .captures(&body)
                .and_then(|found| found.get(1).or_else(|| found.get(0)))
                .map(|found| found.as_str()),
        };
        let part = part.unwrap_or_default().chars().take(MAX_PART).collect();
        *self.0.entry(part).or_default() += 1;
    }

    fn note(&self, evidence: &mut Evidence) {
        evidence.line("different answers", self.0.len());
        for (part, times) in self.0.iter().take(16) {
            evidence.line(&format!("  {times} times"), part);
        }
    }

    fn judge(&self, repeat: &Repeat) -> Finding {
        let different = self.0.len() as u64;
        if let Some(wanted) = repeat.distinct.filter(|wanted| !wanted.holds(different)) {
            let text = messages::different_answers(repeat.times, different, wanted);
            return Finding::unmet(wanted.missed("distinct", different), text);
        }
        if let Some(wanted) = repeat.each
            && let Some(times) = self.0.values().find(|times| !wanted.holds(**times))
        {
            let shares: Vec<u64> = self.0.values().copied().collect();
            let text = messages::shares_of_answers(repeat.times, &shares, wanted);
            return Finding::unmet(wanted.missed("each", *times), text);
        }
        Finding::Passed
    }
}

fn note(answer: &Answer, evidence: &mut Evidence) {
    evidence.line("status", answer.status);
    for (name, value) in answer.headers.iter().take(16) {
        evidence.line(
            &format!("header {name}"),
            String::from_utf8_lossy(value.as_bytes()),
        );
    }
    evidence.block("body", &answer.body, answer.truncated);
}

/// The first thing about the answer that is not as asked.
fn compare(check: &HttpCheck, answer: &Answer, nonce: &str) -> Result<Finding, Stop> {
    let expect = &check.expect;
    let status = answer.status.as_u16();
    let fits = match expect.status {
        Some(wanted) => status == wanted,
        None => answer.status.is_success(),
    };
    if !fits {
        return Ok(Finding::unmet(
            "status",
            messages::status(status, expect.status),
        ));
    }
    for (name, wanted) in &expect.headers {
        let Some(value) = answer.headers.get(name.as_str()) else {
            return Ok(Finding::unmet(
                format!("headers.{name}"),
                messages::header_missing(name),
            ));
        };
        let seen = Seen {
            bytes: value.as_bytes(),
            truncated: false,
        };
        if judge(wanted, seen, nonce)?.is_some() {
            return Ok(Finding::unmet(
                format!("headers.{name}"),
                messages::header(name),
            ));
        }
    }
    if let Some(wanted) = &expect.body {
        let seen = Seen {
            bytes: &answer.body,
            truncated: answer.truncated,
        };
        if let Some(mismatch) = judge(wanted, seen, nonce)? {
            return Ok(Finding::unmet(
                mismatch.of("body"),
                messages::body(mismatch),
            ));
        }
    }
    Ok(Finding::Passed)
}

/// The request, with the random word in its places. It names no user agent: nothing in it shall
/// tell a grader from a person.
fn request(check: &HttpCheck, host: &str, nonce: &str) -> Result<Request<Full<Bytes>>, String> {
    let wrong = |what: &str, e: &dyn std::fmt::Display| format!("{what}: {e}");
    let method: Method = check.method.parse().map_err(|e| wrong("method", &e))?;
    let path = fill(&check.path, nonce);
    let uri: Uri = path.parse().map_err(|e| wrong("path", &e))?;
    if !path.starts_with('/') || uri.host().is_some() {
        return Err("path: must start with one slash".to_owned());
    }
    let body = check.body.as_deref().map(|b| fill(b, nonce));
    let mut request = Request::builder()
        .method(method)
        .uri(uri)
        .body(Full::from(body.unwrap_or_default()))
        .map_err(|e| wrong("request", &e))?;
    let headers: &mut HeaderMap = request.headers_mut();
    let own = format!("{host}:{}", check.port);
    headers.insert(HOST, own.parse().map_err(|e| wrong("host", &e))?);
    for (name, value) in &check.headers {
        let name: hyper::header::HeaderName = name.parse().map_err(|e| wrong("header name", &e))?;
        let value = fill(value, nonce)
            .parse()
            .map_err(|e| wrong("header", &e))?;
        headers.insert(name, value);
    }
    Ok(request)
}

#[cfg(test)]
mod tests {
    use hyper::StatusCode;

    use super::*;
    use crate::grading::testing::check_kind;

    fn check(yaml: &str) -> HttpCheck {
        match check_kind(yaml) {
            crate::domain::check::CheckKind::Http(check) => check,
            other => panic!("{other:?}"),
        }
    }

    fn answer(status: u16, headers: &[(&'static str, &str)], body: &str) -> Answer {
        let mut map = HeaderMap::new();
        for (name, value) in headers {
            map.insert(*name, value.parse().unwrap());
        }
        Answer {
            status: StatusCode::from_u16(status).unwrap(),
            headers: map,
            body: body.into(),
            truncated: false,
        }
    }

    #[test]
    fn the_random_word_goes_wherever_it_is_asked_for() {
        let check = check(
            "http: {port: 8080, path: '/echo/{{nonce}}', method: POST, body: 'say {{nonce}}', \
             headers: {x-word: '{{nonce}}'}}",
        );
        let request = request(&check, "desk", "k7").unwrap();
        assert_eq!(request.uri(), "/echo/k7");
        assert_eq!(request.headers()["x-word"], "k7");
        assert_eq!(request.headers()[HOST], "desk:8080");
        assert!(!request.headers().contains_key("user-agent"));
    }

    #[test]
    fn a_path_can_not_name_another_host() {
        for path in ["http://elsewhere/", "elsewhere", "/a b", "*"] {
            let check = check(&format!("http: {{port: 80, path: '{path}'}}"));
            assert!(request(&check, "desk", "k7").is_err(), "{path}");
        }
    }

    #[test]
    fn an_answer_is_compared_condition_by_condition() {
        let check = check(
            "http: {port: 80, expect: {status: 200, headers: {content-type: {contains: json}}, \
             body: {contains: '{{nonce}}'}}}",
        );
        let judged = |answer| compare(&check, &answer, "k7").unwrap();
        let json = [("content-type", "application/json")];
        assert_eq!(judged(answer(200, &json, "[\"k7\"]")), Finding::Passed);
        assert_eq!(
            judged(answer(404, &json, "[\"k7\"]")),
            Finding::unmet("status", messages::status(404, Some(200)))
        );
        assert_eq!(
            judged(answer(200, &[], "k7")),
            Finding::unmet(
                "headers.content-type",
                messages::header_missing("content-type")
            )
        );
        assert_eq!(
            judged(answer(200, &[("content-type", "text/html")], "k7")),
            Finding::unmet("headers.content-type", messages::header("content-type"))
        );
        assert!(matches!(
            judged(answer(200, &json, "k8")),
            Finding::Failed { .. }
        ));
    }

    #[test]
    fn a_redirect_is_not_followed_and_not_a_success() {
        let check = check("http: {port: 80}");
        assert_eq!(
            compare(&check, &answer(302, &[("location", "/ok")], ""), "").unwrap(),
            Finding::unmet("status", messages::status(302, None))
        );
    }

    #[test]
    fn shares_are_counted_by_what_is_picked_from_the_bodies() {
        let check = check(
            "http: {port: 80, repeat: {times: 4, pick: 'host=(\\w+)', distinct: {min: 2}, each: {min: 2}}}",
        );
        let repeat = check.repeat.unwrap();
        let pick = compile(repeat.pick.as_deref().unwrap()).unwrap();
        let judged = |bodies: &[&str]| {
            let mut shares = Shares::default();
            for body in bodies {
                shares.add(&answer(200, &[], body), Some(&pick));
            }
            match shares.judge(&repeat) {
                Finding::Failed { condition, .. } => condition,
                other => format!("{other:?}"),
            }
        };
        let even = ["1 host=a", "2 host=b", "3 host=b", "4 host=a"];
        assert_eq!(judged(&even), "Passed");
        assert_eq!(
            judged(&["host=a", "host=a", "host=a", "host=a"]),
            "distinct.min"
        );
        assert_eq!(
            judged(&["host=a", "host=b", "host=a", "host=a"]),
            "each.min"
        );
        assert_eq!(judged(&["1", "2", "3", "4"]), "distinct.min");
    }
}
