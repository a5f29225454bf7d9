//! Forms, which prove that they came from one of our pages.

use axum::{
    Form,
    extract::{FromRequest, FromRequestParts, Request},
};
use serde::de::{DeserializeOwned, value::MapDeserializer};

use super::Visitor;
use crate::web::error::WebError;

/// The field with the token.
const TOKEN: &str = "csrf";

/// The fields of a form whose token is right. Fields are named in `T`, which refuses unknown ones
/// and has texts only.
#[derive(Debug)]
pub(crate) struct CheckedForm<T>(pub(crate) T);

impl<S: Send + Sync, T: DeserializeOwned> FromRequest<S> for CheckedForm<T> {
    type Rejection = WebError;

    async fn from_request(request: Request, state: &S) -> Result<Self, WebError> {
        let (mut parts, body) = request.into_parts();
        let visitor = Visitor::from_request_parts(&mut parts, state).await?;
        let request = Request::from_parts(parts, body);
        let Form(mut fields) = Form::<Vec<(String, String)>>::from_request(request, state).await?;
        let token = fields
            .iter()
            .position(|(name, _)| name == TOKEN)
            .map(|at| fields.swap_remove(at).1)
            .unwrap_or_default();
        if !visitor.accepts_csrf(&token) {
            return Err(WebError::ForgeryToken);
        }
        let fields = MapDeserializer::<_, serde::de::value::Error>::new(fields.into_iter());
        T::deserialize(fields)
            .map(Self)
            .map_err(|e| WebError::Malformed(e.to_string()))
    }
}
