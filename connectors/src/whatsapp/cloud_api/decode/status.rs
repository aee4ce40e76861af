//! What became of messages we sent. Field `messages`, `statuses[]`.

use engine::connector::{Status, StatusReport};
use serde_json::Value;

use super::read;
use crate::net::quoted;

/// One status. A status of a name we do not know still proves that its message exists, so it counts as the lowest.
///
/// # Errors
/// When it does not say which message it is about.
pub(super) fn read(status: &Value) -> Result<StatusReport, String> {
    Ok(StatusReport {
        external_id: read::text(status, "id").ok_or("a status without `id`")?,
        status: rank(status.get("status").and_then(Value::as_str).unwrap_or_default()),
        at: read::at(status, "timestamp"),
        key: read::text(status, "biz_opaque_callback_data"),
        error: status.get("errors").and_then(Value::as_array).and_then(|errors| errors.first()).map(error),
        cost: status.get("pricing").filter(|pricing| pricing.is_object()).cloned(),
    })
}

fn rank(name: &str) -> Status {
    match name {
        "sent" => Status::Sent,
        "delivered" => Status::Delivered,
        "read" => Status::Read,
        "played" => Status::Played,
        "failed" => Status::Failed,
        // `accepted`, the old `deleted` and `warning`, and whatever comes: none of them moves a message on.
        _ => Status::Accepted,
    }
}

/// Code and words: `131049 Message not delivered: …`.
fn error(error: &Value) -> String {
    let code = read::text(error, "code");
    let title = read::text(error, "title").or_else(|| read::text(error, "message"));
    let details = error.get("error_data").and_then(|data| read::text(data, "details").or_else(|| read::plain(data)));
    let head = [code, title].into_iter().flatten().collect::<Vec<_>>().join(" ");
    quoted(&match details {
        Some(details) if details != head => format!("{head}: {details}"),
        _ => head,
    })
}

#[cfg(test)]
mod tests {
    use engine::clock::At;
    use serde_json::json;

    use super::*;

    #[test]
    fn every_status_has_its_rank() {
        let ranks = ["accepted", "sent", "failed", "delivered", "read", "played"].map(rank);
        assert!(ranks.is_sorted_by(|a, b| a < b), "{ranks:?}");
        assert_eq!(rank("warning"), Status::Accepted);
        assert_eq!(rank("folded_into_a_paper_plane"), Status::Accepted);
    }

    #[test]
    fn a_status_brings_back_our_key_and_the_cost() {
        let report = read(&json!({
            "id": "wamid.OUT1", "status": "delivered", "timestamp": "1760000200", "recipient_id": "5511987654321",
            "biz_opaque_callback_data": "run_00000000000a1/3",
            "pricing": { "billable": true, "pricing_model": "PMP", "category": "utility" },
        }));
        let expected = StatusReport {
            external_id: "wamid.OUT1".into(),
            status: Status::Delivered,
            at: Some(At(1_760_000_200_000)),
            key: Some("run_00000000000a1/3".into()),
            error: None,
            cost: Some(json!({ "billable": true, "pricing_model": "PMP", "category": "utility" })),
        };
        assert_eq!(report, Ok(expected));
    }

    #[test]
    fn a_failure_says_code_and_words_whatever_shape_the_details_have() {
        for details in [json!({ "details": "try later" }), json!("try later")] {
            let errors = json!([{ "code": 131_049, "title": "Not delivered", "error_data": details }]);
            let report = read(&json!({ "id": "wamid.OUT2", "status": "failed", "errors": errors })).unwrap();
            assert_eq!(report.status, Status::Failed);
            assert_eq!(report.error.as_deref(), Some("131049 Not delivered: try later"));
        }
    }

    #[test]
    fn a_status_of_no_message_is_refused() {
        assert!(read(&json!({ "status": "sent" })).is_err());
        assert!(read(&json!("sent")).is_err());
    }
}
