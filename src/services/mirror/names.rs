//! What a request to the mirror asks for, and whether this learner may. Pure: a request is taken
//! apart here and the registry gets one put together anew, so that no spelling of a path means one
//! thing to us and another to it.

use hyper::Method;

use crate::domain::ids::UserId;

/// With this begin the name spaces of learners, and nothing else.
const PREFIX: &str = "u-";
/// Where the registry keeps what has a name of one part, as engines expect of Docker Hub.
const LIBRARY: &str = "library";
/// Longest name of a repository, and longest query.
const MAX_NAME: usize = 200;
const MAX_QUERY: usize = 4096;

/// A learner's part of the mirror: `u-` and the random end of their id. No secret, and the same in
/// each of their sandboxes.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Namespace(String);

impl Namespace {
    /// The name space of a learner.
    pub fn of(user: UserId) -> Self {
        let id = user.to_string();
        Self(format!("{PREFIX}{}", &id[id.len() - 12..]))
    }

    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// What is asked.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Ask {
    /// Whether a registry is here.
    Version,
    /// Which repositories there are.
    Catalog,
    /// Something of a repository, for the registry to answer.
    Registry(Forward),
}

/// A request as the registry shall get it.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Forward {
    /// Path and query.
    pub(super) path: String,
    /// Whether it changes something, which is counted against the learner's room.
    pub(super) writes: bool,
    /// Whether an upstream registry may know what ours doesn't.
    pub(super) is_public: bool,
}

/// Why not.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Denial {
    /// Nothing that a registry knows.
    Malformed,
    /// Not with this method.
    Method,
    /// Somebody else's name space: as if there were nothing.
    Unknown,
    /// Writing where it is not one's own.
    NotYours,
}

/// Takes a request apart.
pub(super) fn parse(
    method: &Method,
    path: &str,
    query: Option<&str>,
    own: &Namespace,
) -> Result<Ask, Denial> {
    let reads = matches!(*method, Method::GET | Method::HEAD);
    let rest = match path {
        "/v2" | "/v2/" if reads => return Ok(Ask::Version),
        "/v2/_catalog" if reads => return Ok(Ask::Catalog),
        _ => path.strip_prefix("/v2/").ok_or(Denial::Malformed)?,
    };
    let parts: Vec<&str> = rest.split('/').collect();
    let (name, target) = match parts.as_slice() {
        [name @ .., "manifests", reference] if is_reference(reference) => {
            (name, Target::Manifest(reference))
        }
        [name @ .., "blobs", "uploads", ""] => (name, Target::NewUpload),
        [name @ .., "blobs", "uploads", upload] if is_upload(upload) => {
            (name, Target::Upload(upload))
        }
        [name @ .., "blobs", digest] if is_digest(digest) => (name, Target::Blob(digest)),
        [name @ .., "tags", "list"] => (name, Target::Tags),
        _ => return Err(Denial::Malformed),
    };
    let writes = target.writes(method).ok_or(Denial::Method)?;
    let repository = Repository::new(name, own)?;
    let needs_own = writes || matches!(target, Target::Upload(_));
    if needs_own && !repository.is_own {
        return Err(Denial::NotYours);
    }
    let query = target.query(query.unwrap_or_default(), own)?;
    let name = repository.name;
    let mut path = match target {
        Target::Manifest(reference) => format!("/v2/{name}/manifests/{reference}"),
        Target::NewUpload => format!("/v2/{name}/blobs/uploads/"),
        Target::Upload(upload) => format!("/v2/{name}/blobs/uploads/{upload}"),
        Target::Blob(digest) => format!("/v2/{name}/blobs/{digest}"),
        Target::Tags => format!("/v2/{name}/tags/list"),
    };
    if !query.is_empty() {
        path.push('?');
        path.push_str(&query);
    }
    Ok(Ask::Registry(Forward {
        path,
        writes,
        is_public: !repository.is_own,
    }))
}

/// Whether a learner may know of a repository, and under which name.
pub(super) fn visible(name: &str, own: &Namespace) -> Option<String> {
    let parts: Vec<&str> = name.split('/').collect();
    let repository = Repository::new(&parts, own).ok()?;
    let short = repository.name.strip_prefix("library/");
    Some(short.unwrap_or(&repository.name).to_owned())
}

#[derive(Debug)]
struct Repository {
    name: String,
    is_own: bool,
}

impl Repository {
    /// The repository of this name, if this learner may know of it.
    fn new(parts: &[&str], own: &Namespace) -> Result<Self, Denial> {
        let length: usize = parts.iter().map(|part| part.len() + 1).sum();
        if parts.is_empty() || length > MAX_NAME || !parts.iter().all(|part| is_name(part)) {
            return Err(Denial::Malformed);
        }
        if parts[0].starts_with(PREFIX) {
            return if parts[0] == own.as_str() && parts.len() > 1 {
                Ok(Self {
                    name: parts.join("/"),
                    is_own: true,
                })
            } else {
                Err(Denial::Unknown)
            };
        }
        let name = match parts {
            [name] => format!("{LIBRARY}/{name}"),
            parts => parts.join("/"),
        };
        Ok(Self {
            name,
            is_own: false,
        })
    }
}

/// What of a repository is asked for.
#[derive(Debug, Clone, Copy)]
enum Target<'a> {
    Manifest(&'a str),
    Blob(&'a str),
    NewUpload,
    Upload(&'a str),
    Tags,
}

impl Target<'_> {
    /// Whether the method changes something here; `None` when it is not for this.
    fn writes(self, method: &Method) -> Option<bool> {
        let is = |methods: &[Method]| methods.contains(method);
        let (reading, writing): (&[Method], &[Method]) = match self {
            Self::Manifest(_) => (&[Method::GET, Method::HEAD], &[Method::PUT, Method::DELETE]),
            Self::Blob(_) => (&[Method::GET, Method::HEAD], &[]),
            Self::NewUpload => (&[], &[Method::POST]),
            Self::Upload(_) => (
                &[Method::GET],
                &[Method::PATCH, Method::PUT, Method::DELETE],
            ),
            Self::Tags => (&[Method::GET], &[]),
        };
        if is(reading) {
            Some(false)
        } else {
            is(writing).then_some(true)
        }
    }

    /// The query as the registry shall get it: what it needs here, and nothing else.
    fn query(self, query: &str, own: &Namespace) -> Result<String, Denial> {
        let known: &[&str] = match self {
            Self::NewUpload => &["digest", "mount", "from"],
            Self::Upload(_) => &["_state", "digest"],
            Self::Tags => &["n", "last"],
            Self::Manifest(_) | Self::Blob(_) => &[],
        };
        if query.len() > MAX_QUERY || !query.bytes().all(is_in_query) {
            return Err(Denial::Malformed);
        }
        let mut given: Vec<(&str, String)> = Vec::new();
        for pair in query.split('&') {
            let (key, value) = pair.split_once('=').unwrap_or((pair, ""));
            if !known.contains(&key) {
                continue;
            }
            if given.iter().any(|(earlier, _)| *earlier == key) {
                return Err(Denial::Malformed);
            }
            given.push((key, value.to_owned()));
        }
        // A layer is taken over from a repository that one may read; else it is pushed like any
        // other, which is what the protocol foresees.
        let source = given
            .iter()
            .find(|(key, _)| *key == "from")
            .and_then(|(_, from)| {
                let from = from.replace("%2F", "/").replace("%2f", "/");
                let parts: Vec<&str> = from.split('/').collect();
                Repository::new(&parts, own).ok()
            });
        match source {
            Some(source) => {
                for (key, value) in &mut given {
                    if *key == "from" {
                        *value = source.name.clone();
                    }
                }
            }
            None => given.retain(|(key, _)| *key != "from" && *key != "mount"),
        }
        let pairs: Vec<String> = given.iter().map(|(k, v)| format!("{k}={v}")).collect();
        Ok(pairs.join("&"))
    }
}

/// One part of a repository's name.
fn is_name(part: &str) -> bool {
    let plain = |b: &u8| b.is_ascii_lowercase() || b.is_ascii_digit();
    let bytes = part.as_bytes();
    bytes.first().is_some_and(plain)
        && bytes.last().is_some_and(plain)
        && bytes
            .iter()
            .all(|b| plain(b) || matches!(b, b'.' | b'_' | b'-'))
        && !part.contains("..")
}

/// A tag or a digest.
fn is_reference(text: &str) -> bool {
    is_digest(text)
        || ((1..=128).contains(&text.len())
            && !text.starts_with(['.', '-'])
            && text
                .bytes()
                .all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'_' | b'-')))
}

fn is_digest(text: &str) -> bool {
    text.strip_prefix("sha256:").is_some_and(|hex| {
        hex.len() == 64
            && hex
                .bytes()
                .all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b))
    })
}

/// The registry's name of an upload, a UUID.
fn is_upload(text: &str) -> bool {
    text.len() == 36 && text.bytes().all(|b| b.is_ascii_hexdigit() || b == b'-')
}

fn is_in_query(b: u8) -> bool {
    b.is_ascii_alphanumeric()
        || matches!(
            b,
            b'.' | b'_' | b'-' | b'~' | b':' | b'=' | b'%' | b'&' | b'/' | b'+'
        )
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn own() -> Namespace {
        Namespace("u-0123456789ab".to_owned())
    }

    fn digest() -> String {
        format!("sha256:{}", "a1".repeat(32))
    }

    fn ask(method: &Method, target: &str) -> Result<Ask, Denial> {
        let (path, query) = match target.split_once('?') {
            Some((path, query)) => (path, Some(query)),
            None => (target, None),
        };
        parse(method, path, query, &own())
    }

    fn sent(method: &Method, target: &str) -> String {
        match ask(method, target) {
            Ok(Ask::Registry(forward)) => forward.path,
            other => panic!("{target}: {other:?}"),
        }
    }

    #[test]
    fn images_of_one_name_are_the_library_s_and_for_reading() {
        let pulled = "/v2/nginx/manifests/1.26";
        assert_eq!(
            sent(&Method::GET, pulled),
            "/v2/library/nginx/manifests/1.26"
        );
        let as_mirror = "/v2/library/nginx/manifests/latest?ns=docker.io";
        assert_eq!(
            sent(&Method::HEAD, as_mirror),
            "/v2/library/nginx/manifests/latest"
        );
        for method in [Method::PUT, Method::DELETE] {
            assert_eq!(ask(&method, pulled), Err(Denial::NotYours));
        }
        let push = "/v2/nginx/blobs/uploads/";
        assert_eq!(ask(&Method::POST, push), Err(Denial::NotYours));
    }

    #[test]
    fn one_s_own_name_space_can_be_read_and_written() {
        let name = "u-0123456789ab/shop";
        let upload = "1ce8d1b0-5f3f-4b0e-9d0c-8d2f8a4b7c11";
        for (method, target) in [
            (Method::GET, format!("/v2/{name}/manifests/1")),
            (Method::PUT, format!("/v2/{name}/manifests/1")),
            (Method::DELETE, format!("/v2/{name}/manifests/{}", digest())),
            (Method::HEAD, format!("/v2/{name}/blobs/{}", digest())),
            (Method::POST, format!("/v2/{name}/blobs/uploads/")),
            (
                Method::PATCH,
                format!("/v2/{name}/blobs/uploads/{upload}?_state=a-b_c%3D"),
            ),
            (
                Method::PUT,
                format!("/v2/{name}/blobs/uploads/{upload}?_state=x&digest=sha256%3Aab"),
            ),
            (Method::GET, format!("/v2/{name}/tags/list")),
        ] {
            assert_eq!(sent(&method, &target), target);
        }
    }

    #[test]
    fn other_name_spaces_are_as_if_they_were_not_there() {
        let other = "/v2/u-ba9876543210/shop";
        let upload = "1ce8d1b0-5f3f-4b0e-9d0c-8d2f8a4b7c11";
        for (method, rest) in [
            (Method::GET, "manifests/1".to_owned()),
            (Method::PUT, "manifests/1".to_owned()),
            (Method::GET, format!("blobs/{}", digest())),
            (Method::POST, "blobs/uploads/".to_owned()),
            (Method::PATCH, format!("blobs/uploads/{upload}?_state=x")),
            (Method::GET, format!("blobs/uploads/{upload}?_state=x")),
            (Method::GET, "tags/list".to_owned()),
        ] {
            let answer = ask(&method, &format!("{other}/{rest}"));
            assert_eq!(answer, Err(Denial::Unknown), "{method} {rest}");
        }
        // Not the name space itself, nor what merely begins like one's own.
        for name in ["u-0123456789ab", "u-0123456789abc/x", "u-0123456789a/x"] {
            let answer = ask(&Method::GET, &format!("/v2/{name}/tags/list"));
            assert_eq!(answer, Err(Denial::Unknown), "{name}");
        }
        assert_eq!(visible("u-ba9876543210/shop", &own()), None);
        assert_eq!(visible("library/nginx", &own()).as_deref(), Some("nginx"));
        let mine = "u-0123456789ab/shop";
        assert_eq!(visible(mine, &own()).as_deref(), Some(mine));
    }

    #[test]
    fn tricks_with_paths_lead_nowhere() {
        for path in [
            "/v2/../v2/u-ba9876543210/shop/manifests/1",
            "/v2/u-0123456789ab/../u-ba9876543210/shop/manifests/1",
            "/v2/u-0123456789ab/%2e%2e/u-ba9876543210/shop/manifests/1",
            "/v2/u-0123456789ab%2Fshop/manifests/1",
            "/v2/u-0123456789ab//shop/manifests/1",
            "/v2//u-ba9876543210/shop/manifests/1",
            "/v2/u-0123456789ab/shop/manifests/../../x/manifests/1",
            "/v2/u-0123456789ab/shop/manifests/..",
            "/v2/u-0123456789ab/shop/blobs/sha256:..",
            "/v2/u-0123456789ab/shop/blobs/uploads/..",
            "/v2/u-0123456789ab/a\\b/manifests/1",
            "/v2/U-0123456789AB/shop/manifests/1",
            "/v2/u-0123456789ab/shop/manifests/1;x",
            "/V2/nginx/manifests/1",
            "/debug/vars",
            "/",
        ] {
            assert_eq!(ask(&Method::GET, path), Err(Denial::Malformed), "{path}");
        }
        assert_eq!(ask(&Method::DELETE, "/v2/_catalog"), Err(Denial::Malformed));
        assert_eq!(
            ask(&Method::PATCH, "/v2/nginx/manifests/1"),
            Err(Denial::Method)
        );
    }

    #[test]
    fn layers_are_taken_over_only_from_where_one_may_read() {
        let mount = |from: &str| {
            let digest = digest();
            let to = "/v2/u-0123456789ab/shop/blobs/uploads/";
            sent(&Method::POST, &format!("{to}?mount={digest}&from={from}"))
        };
        assert!(mount("nginx").ends_with("&from=library/nginx"));
        assert!(mount("library%2Fnginx").ends_with("&from=library/nginx"));
        assert!(mount("u-0123456789ab%2Fother").ends_with("&from=u-0123456789ab/other"));
        for foreign in [
            "u-ba9876543210/shop",
            "u-ba9876543210%2Fshop",
            "u-ba9876543210%252Fshop",
            "..%2Fu-ba9876543210%2Fshop",
            "",
        ] {
            assert!(mount(foreign).ends_with("/blobs/uploads/"), "{foreign}");
        }
        let twice = format!(
            "/v2/u-0123456789ab/shop/blobs/uploads/?mount={}&from=nginx&from=u-ba9876543210/shop",
            digest()
        );
        assert_eq!(ask(&Method::POST, &twice), Err(Denial::Malformed));
    }

    proptest! {
        #[test]
        fn whatever_is_asked_the_registry_hears_of_no_foreign_name_space(
            path in "(/v2/)?(u-[0-9a-f]{12}|u-0123456789ab|nginx|library|\\.\\.|%2e%2e|/){0,4}[ -~]{0,30}(/manifests/[a-z.]{1,4}|/tags/list|/blobs/uploads/)?",
            query in proptest::option::of("(mount=[ -~]{0,8}&)?(from=(u-[0-9a-f]{12}|%75-00)(/|%2F)[a-z]{1,3})?"),
            method in proptest::sample::select(vec![Method::GET, Method::PUT, Method::POST, Method::DELETE]),
        ) {
            if let Ok(Ask::Registry(forward)) = parse(&method, &path, query.as_deref(), &own()) {
                let (path, query) = forward.path.split_once('?').unwrap_or((&forward.path, ""));
                prop_assert!(!path.contains("..") && !path.contains('%') && !path.contains("//"));
                let first = path.strip_prefix("/v2/").unwrap().split('/').next().unwrap();
                prop_assert!(!first.starts_with("u-") || first == own().as_str());
                prop_assert!(!forward.writes || first == own().as_str());
                if let Some((_, from)) = query.split_once("from=") {
                    prop_assert!(!from.starts_with("u-") || from.starts_with("u-0123456789ab/"));
                    prop_assert!(!from.contains('%'));
                }
            }
        }
    }
}
