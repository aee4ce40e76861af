//! The library: the documents of the folder `flows`, which every build carries.

/// Their texts, by file name.
pub(crate) const TEXTS: [&str; 42] = [
    include_str!("../../../flows/abandoned-cart.yaml"),
    include_str!("../../../flows/account-manager-change.yaml"),
    include_str!("../../../flows/ad-lead.yaml"),
    include_str!("../../../flows/alert-gateway.yaml"),
    include_str!("../../../flows/appointment-reminder.yaml"),
    include_str!("../../../flows/birthday-greeting.yaml"),
    include_str!("../../../flows/call-back-request.yaml"),
    include_str!("../../../flows/collect-address.yaml"),
    include_str!("../../../flows/complaint-handover.yaml"),
    include_str!("../../../flows/consent-receipt.yaml"),
    include_str!("../../../flows/crm-contact-welcome.yaml"),
    include_str!("../../../flows/crm-stage-to-message.yaml"),
    include_str!("../../../flows/customer-care.yaml"),
    include_str!("../../../flows/escalation-care.yaml"),
    include_str!("../../../flows/failed-delivery.yaml"),
    include_str!("../../../flows/first-contact-welcome.yaml"),
    include_str!("../../../flows/flow-failed-alert.yaml"),
    include_str!("../../../flows/form-lead.yaml"),
    include_str!("../../../flows/kyc-documents.yaml"),
    include_str!("../../../flows/lab-result-collect.yaml"),
    include_str!("../../../flows/lab-result-ready.yaml"),
    include_str!("../../../flows/language-choice.yaml"),
    include_str!("../../../flows/lead-capture.yaml"),
    include_str!("../../../flows/long-session-handover.yaml"),
    include_str!("../../../flows/message-failed.yaml"),
    include_str!("../../../flows/nightly-backup-check.yaml"),
    include_str!("../../../flows/no-reply-reminder.yaml"),
    include_str!("../../../flows/offer-follow-up.yaml"),
    include_str!("../../../flows/opt-out.yaml"),
    include_str!("../../../flows/order-payment-link.yaml"),
    include_str!("../../../flows/order-to-ticket.yaml"),
    include_str!("../../../flows/out-of-hours.yaml"),
    include_str!("../../../flows/payment-reminder.yaml"),
    include_str!("../../../flows/price-autoreply.yaml"),
    include_str!("../../../flows/redelivery-answer.yaml"),
    include_str!("../../../flows/satisfaction-survey.yaml"),
    include_str!("../../../flows/shipping-update.yaml"),
    include_str!("../../../flows/transaction-dispute.yaml"),
    include_str!("../../../flows/transaction-notice.yaml"),
    include_str!("../../../flows/vip-care.yaml"),
    include_str!("../../../flows/vip-welcome.yaml"),
    include_str!("../../../flows/window-closing-nudge.yaml"),
];

/// The text of the document with this id.
pub(crate) fn text(id: &str) -> Option<&'static str> {
    let named = |text: &&str| engine::flow::outline(text).is_some_and(|outline| outline.summary().id == id);
    TEXTS.into_iter().find(named)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_file_of_the_folder_is_in_the_library() {
        let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../flows");
        let files = super::super::read(&[folder]).unwrap();
        assert_eq!(files.iter().map(|file| file.text.as_str()).collect::<Vec<_>>(), TEXTS);
        assert_eq!(
            text("order-to-ticket").unwrap().lines().find(|line| line.starts_with("flow:")),
            Some("flow: order-to-ticket")
        );
        assert_eq!(text("no-such-flow"), None);
    }
}
