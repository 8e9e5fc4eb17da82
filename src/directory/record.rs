//! A raw entry of any source: the contract's nine fields, each perhaps absent, on the way to a `UserInfo`.

use serde_json::{Map, Value};

use crate::chat::{Private, UserInfo};

/// A field of the contract's `user_info`, in the contract's order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Field {
    AgentId,
    Email,
    Name,
    Phone,
    Agency,
    Office,
    Company,
    Division,
    UserType,
}

impl Field {
    /// Every field, in the contract's order.
    pub(super) const ALL: [Self; 9] = [
        Self::AgentId,
        Self::Email,
        Self::Name,
        Self::Phone,
        Self::Agency,
        Self::Office,
        Self::Company,
        Self::Division,
        Self::UserType,
    ];

    /// The field's name in the contract.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::AgentId => "agent_id",
            Self::Email => "email",
            Self::Name => "name",
            Self::Phone => "phone",
            Self::Agency => "agency",
            Self::Office => "office",
            Self::Company => "company",
            Self::Division => "division",
            Self::UserType => "user_type",
        }
    }

    /// The field that the contract calls `name`.
    pub(super) fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|field| field.name() == name)
    }

    /// The fields without which the agent must not be asked, in the contract's order.
    pub(super) fn required() -> impl Iterator<Item = Self> {
        Self::ALL.into_iter().filter(|field| {
            matches!(field, Self::AgentId | Self::Email | Self::Name | Self::Agency | Self::Office)
        })
    }

    /// Whether other systems write this field as a number.
    fn may_be_number(self) -> bool {
        matches!(self, Self::AgentId | Self::Phone)
    }
}

/// What one source says of one person. It holds private data, so it has no `Debug`.
#[derive(Default)]
pub(super) struct Record {
    values: [Option<String>; Field::ALL.len()],
}

impl Record {
    /// Sets a field; blanks around the text go, and a blank text is no value.
    pub(super) fn set(&mut self, field: Field, text: &str) {
        self.values[field as usize] = present(text).map(str::to_owned);
    }

    /// The value of a field.
    pub(super) fn get(&self, field: Field) -> Option<&str> {
        self.values[field as usize].as_deref()
    }

    /// Whether no field has a value.
    pub(super) fn is_empty(&self) -> bool {
        self.values.iter().all(Option::is_none)
    }

    /// Reads the contract's fields from a JSON object and leaves all others alone.
    ///
    /// # Errors
    /// The first field that is neither a string nor null (nor a whole number, where one is accepted).
    pub(super) fn from_json(object: &Map<String, Value>) -> Result<Self, Field> {
        let mut record = Self::default();
        for field in Field::ALL {
            match object.get(field.name()) {
                None | Some(Value::Null) => {}
                Some(Value::String(text)) => record.set(field, text),
                // A float would come out with other digits than it went in.
                Some(Value::Number(number)) if field.may_be_number() && !number.is_f64() => {
                    record.set(field, &number.to_string());
                }
                Some(_) => return Err(field),
            }
        }
        Ok(record)
    }

    /// The person, complete.
    ///
    /// # Errors
    /// The contract's names of the required fields that have no value, in the contract's order.
    pub(super) fn into_info(self) -> Result<UserInfo, Vec<&'static str>> {
        let missing = Field::required().filter(|field| self.get(*field).is_none()).map(Field::name).collect();
        let [crm_id, email, name, phone, agency, office, company, division, user_type] =
            self.values.map(|value| value.map(Private));
        let (Some(crm_id), Some(email), Some(name), Some(agency), Some(office)) =
            (crm_id, email, name, agency, office)
        else {
            return Err(missing);
        };
        Ok(UserInfo { crm_id, email, name, phone, agency, office, company, division, user_type })
    }
}

/// The text without blanks around it, unless nothing is left.
pub(super) fn present(text: &str) -> Option<&str> {
    Some(text.trim()).filter(|text| !text.is_empty())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn read(value: Value) -> Result<Record, Field> {
        Record::from_json(value.as_object().unwrap())
    }

    #[test]
    fn whole_numbers_are_accepted_for_the_id_and_the_phone_and_text_is_trimmed() {
        let record = read(json!({
            "agent_id": 42, "email": " a@b.example ", "name": "Ann", "phone": 27_123_456_789_u64,
            "agency": "Sales", "office": "Durban", "company": "  ", "division": null, "shoe_size": [39]
        }));
        let info = record.unwrap().into_info().unwrap();
        assert_eq!(*info.crm_id, "42");
        assert_eq!(*info.email, "a@b.example");
        assert_eq!(info.phone.as_ref().map(|phone| phone.as_str()), Some("27123456789"));
        assert_eq!((info.company, info.division, info.user_type), (None, None, None));
    }

    #[test]
    fn a_field_of_another_type_is_named() {
        assert_eq!(read(json!({"office": 7})).err(), Some(Field::Office));
        assert_eq!(read(json!({"agent_id": 1.5})).err(), Some(Field::AgentId));
        assert_eq!(read(json!({"agent_id": true})).err(), Some(Field::AgentId));
        assert_eq!(read(json!({"name": {"first": "Ann"}})).err(), Some(Field::Name));
    }

    #[test]
    fn missing_and_blank_required_fields_are_named_in_the_contracts_order() {
        let record = read(json!({"office": " ", "name": "Ann", "phone": "1"})).unwrap();
        assert_eq!(record.into_info().unwrap_err(), ["agent_id", "email", "agency", "office"]);
    }

    #[test]
    fn the_names_are_those_that_user_info_is_written_with() {
        let mut record = Record::default();
        for field in Field::ALL {
            record.set(field, field.name());
        }
        let written = serde_json::to_value(record.into_info().unwrap()).unwrap();
        for field in Field::ALL {
            assert_eq!(written[field.name()], field.name());
        }
    }
}
