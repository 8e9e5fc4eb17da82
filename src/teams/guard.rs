//! Who may speak to the webhook, and from where: the token, then what it says of the message, then the tenant, then the
//! service URL, in that order.

use std::sync::Arc;

use axum::http::HeaderMap;

use super::keys::Keys;
use super::refusal::Refusal;
use super::service_url::{ServiceUrl, ServiceUrls};
use super::token::{Addressed, Bearer, CHANNEL, Rule, Vouched};
use crate::clock::Clock;

/// Lets messages in.
pub struct Guard {
    /// `None` lets everybody in: for development on one machine.
    signed: Option<Signed>,
    clock: Arc<dyn Clock>,
}

/// What the Bot Framework must have signed, and whom and what it must be about.
struct Signed {
    keys: Arc<Keys>,
    rule: Rule,
    tenants: Vec<String>,
    service_urls: ServiceUrls,
}

impl Guard {
    /// Lets in what the Bot Framework has signed for us. `tenants` are the only ones whose messages are let in,
    /// `service_urls` the only places to answer at.
    pub fn signed(
        keys: Arc<Keys>,
        rule: Rule,
        tenants: Vec<String>,
        service_urls: ServiceUrls,
        clock: Arc<dyn Clock>,
    ) -> Self {
        Self { signed: Some(Signed { keys, rule, tenants, service_urls }), clock }
    }

    /// Lets everybody in, and answers on this machine only. For development.
    pub fn anybody(clock: Arc<dyn Clock>) -> Self {
        Self { signed: None, clock }
    }

    /// Checks who calls, before anything of the body is read: nobody else can make the bridge hold or parse one.
    ///
    /// # Errors
    /// When no body can make it good.
    pub async fn identify(&self, headers: &HeaderMap) -> Result<Option<Vouched>, Refusal> {
        let Some(signed) = &self.signed else { return Ok(None) };
        let bearer = Bearer::of(headers)?;
        let key = signed.keys.find(bearer.key_id()).await?;
        signed.rule.check(&bearer, &key, self.clock.now()).map(Some)
    }

    /// Checks the message of whoever was identified, and says where it may be answered.
    ///
    /// # Errors
    /// When the message must not be let in.
    pub fn admit(
        &self,
        vouched: Option<&Vouched>,
        message: Addressed<'_>,
        tenant: Option<&str>,
    ) -> Result<ServiceUrl, Refusal> {
        let Some(signed) = &self.signed else {
            if message.channel != CHANNEL {
                return Err(Refusal::Channel);
            }
            return ServiceUrls::only_loopback().check(message.service_url).map_err(|_| Refusal::Host);
        };
        vouched.ok_or(Refusal::Header)?.agree(message)?;
        if !is_allowed(&signed.tenants, tenant) {
            return Err(Refusal::Tenant);
        }
        signed.service_urls.check(message.service_url).map_err(|_| Refusal::Host)
    }
}

/// Whether a message's tenant is one of those that are served. An empty one is none.
pub fn is_allowed(tenants: &[String], tenant: Option<&str>) -> bool {
    let tenant = tenant.map(str::trim).filter(|tenant| !tenant.is_empty());
    tenant.is_some_and(|tenant| tenants.iter().any(|allowed| allowed.trim().eq_ignore_ascii_case(tenant)))
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case(Some("72f988bf"), true)]
    #[case(Some("72F988BF"), true)]
    #[case(Some("72f988b"), false)]
    #[case(Some(""), false)]
    #[case(Some(" "), false)]
    #[case(None, false)]
    fn only_a_tenant_of_the_list_is_allowed(#[case] tenant: Option<&str>, #[case] allowed: bool) {
        let tenants = ["other", "", "72f988bf "].map(str::to_owned);
        assert_eq!(is_allowed(&tenants, tenant), allowed);
        assert!(!is_allowed(&[], tenant));
    }
}
