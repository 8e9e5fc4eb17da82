//! Entra's error codes that an operator can do something about, each with what to do.
//!
//! <https://learn.microsoft.com/entra/identity-platform/reference-error-codes>

use std::fmt;

use serde::Deserialize;

/// Why Entra gives no token: its code, by what is wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Aadsts {
    /// 7000229: the app has no service principal in the tenant.
    NoServicePrincipal,
    /// 7000215: the secret is another one.
    WrongSecret,
    /// 7000222: the secret has ended.
    EndedSecret,
    /// 7000216, 7000218: there is no secret.
    NoSecret,
    /// 7000112: the app was switched off.
    SwitchedOff,
    /// 700016: the tenant does not know the app.
    UnknownApp,
    /// 90002, 900023, 900021: there is no such tenant.
    UnknownTenant,
    /// 500011, 70011, 1002012: the scope is not one of the tenant's.
    WrongScope,
    /// Any other, by its number.
    Other(u32),
}

#[derive(Deserialize)]
struct Answer {
    #[serde(default)]
    error_codes: Vec<u32>,
    #[serde(default)]
    error_description: String,
}

impl Aadsts {
    /// The code of an answer; `None` when it has none.
    pub(super) fn of(body: &[u8]) -> Option<Self> {
        let answer: Answer = serde_json::from_slice(body).ok()?;
        answer
            .error_codes
            .first()
            .copied()
            .or_else(|| in_text(&answer.error_description))
            .map(Self::of_number)
    }

    fn of_number(number: u32) -> Self {
        match number {
            7_000_229 => Self::NoServicePrincipal,
            7_000_215 => Self::WrongSecret,
            7_000_222 => Self::EndedSecret,
            7_000_216 | 7_000_218 => Self::NoSecret,
            7_000_112 => Self::SwitchedOff,
            700_016 => Self::UnknownApp,
            90_002 | 900_023 | 900_021 => Self::UnknownTenant,
            500_011 | 70_011 | 1_002_012 => Self::WrongScope,
            other => Self::Other(other),
        }
    }

    /// What the operator does about it, as an end of a sentence; `None` when only Microsoft's page about the code says it.
    pub fn remedy(self) -> Option<&'static str> {
        Some(match self {
            Self::NoServicePrincipal => {
                "open Entra → App registrations → the app → Overview, press Create Service Principal (beside Managed \
                 application in local directory), and start again"
            }
            Self::WrongSecret => {
                "CLIENT_SECRET is not the app's: copy the Value, not the Secret ID, of a secret in Entra → App registrations \
                 → the app → Certificates & secrets"
            }
            Self::EndedSecret => {
                "CLIENT_SECRET has ended: make a new one in Entra → App registrations → the app → Certificates & secrets"
            }
            Self::NoSecret => "set CLIENT_SECRET",
            Self::SwitchedOff => {
                "the app is switched off: an admin can switch it on in Entra → Enterprise applications → the app → Properties"
            }
            Self::UnknownApp => {
                "the tenant does not know the app: CLIENT_ID and TENANT_ID must both be from the app's Overview in Entra → App \
                 registrations"
            }
            Self::UnknownTenant => {
                "there is no such tenant: TENANT_ID is the Directory (tenant) ID on the app's Overview in Entra → App \
                 registrations"
            }
            Self::WrongScope => "the scope must be that of the tenant's cloud",
            Self::Other(_) => return None,
        })
    }
}

impl fmt::Display for Aadsts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (number, what) = match self {
            Self::NoServicePrincipal => (7_000_229, "the app has no service principal in the tenant"),
            Self::WrongSecret => (7_000_215, "the client secret is not the app's"),
            Self::EndedSecret => (7_000_222, "the client secret has ended"),
            Self::NoSecret => (7_000_216, "the client secret is missing"),
            Self::SwitchedOff => (7_000_112, "the app is switched off"),
            Self::UnknownApp => (700_016, "the tenant does not know the app"),
            Self::UnknownTenant => (90_002, "there is no such tenant"),
            Self::WrongScope => (500_011, "the scope is not known in the tenant"),
            Self::Other(number) => return write!(f, "AADSTS{number}"),
        };
        write!(f, "AADSTS{number}, {what}")
    }
}

/// The number after the first `AADSTS` of a description.
fn in_text(description: &str) -> Option<u32> {
    let (_, rest) = description.split_once("AADSTS")?;
    let end = rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len());
    rest[..end].parse().ok()
}

#[cfg(test)]
mod tests {
    use rstest::rstest;
    use serde_json::json;

    use super::*;

    #[rstest]
    #[case(json!({"error": "invalid_client", "error_codes": [7_000_215]}), Some(Aadsts::WrongSecret))]
    #[case(json!({"error_description": "AADSTS7000229: The client application x is missing."}), Some(Aadsts::NoServicePrincipal))]
    #[case(json!({"error_codes": [], "error_description": "AADSTS700016: y"}), Some(Aadsts::UnknownApp))]
    #[case(json!({"error_codes": [90_002], "error_description": "AADSTS1: y"}), Some(Aadsts::UnknownTenant))]
    #[case(json!({"error_codes": [53_003]}), Some(Aadsts::Other(53_003)))]
    #[case(json!({"error": "invalid_request"}), None)]
    #[case(json!({"error_codes": "7000215"}), None)]
    #[case(json!("AADSTS7000215"), None)]
    fn the_code_is_read_from_the_list_or_else_from_the_text(
        #[case] body: serde_json::Value,
        #[case] expected: Option<Aadsts>,
    ) {
        assert_eq!(Aadsts::of(body.to_string().as_bytes()), expected);
    }

    #[test]
    fn what_can_be_mended_says_how() {
        assert!(Aadsts::NoServicePrincipal.remedy().unwrap().contains("Create Service Principal"));
        assert_eq!(Aadsts::of_number(53_003).remedy(), None);
        assert_eq!(Aadsts::of_number(53_003).to_string(), "AADSTS53003");
        assert_eq!(
            Aadsts::of_number(7_000_215).to_string(),
            "AADSTS7000215, the client secret is not the app's"
        );
    }
}
