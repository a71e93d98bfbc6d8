//! The settings that template.yaml gives its functions.

use std::collections::HashMap;

use rendergate::config::{Config, SETTINGS};

use super::cloudformation::text_of;
use super::{DESTINATION, NO_QUEUE, NO_WEBHOOK, NOTIFY, SECRET, function};

#[test]
fn the_program_understands_its_settings() {
    let prefix = ("DestinationPrefix", "customers/");
    for parameters in [
        &[][..],
        &[NO_QUEUE],
        &[NO_WEBHOOK, NOTIFY],
        &[DESTINATION],
        &[DESTINATION, prefix],
        &[SECRET, DESTINATION, ("Auth", "apikey")],
    ] {
        let function = function(parameters);
        let variables: HashMap<_, _> = function["Environment"]["Variables"]
            .as_object()
            .unwrap()
            .iter()
            .map(|(name, value)| (name.clone(), text_of(value)))
            .collect();
        for name in variables.keys() {
            let known = SETTINGS.iter().any(|setting| setting.name == name);
            assert!(known || name == "AWS_LAMBDA_HTTP_IGNORE_STAGE_IN_PATH", "{name}");
        }
        let config = Config::from_lookup(|name| variables.get(name).cloned()).unwrap();
        assert_eq!(config.account.settings.account_id.is_none(), parameters.contains(&SECRET));
        assert_eq!(config.api_keys.is_some(), parameters.contains(&("Auth", "apikey")));
        assert_eq!(config.queue.is_none(), parameters.contains(&NO_QUEUE));
        assert_eq!(config.notify_secret.is_some(), parameters.contains(&NOTIFY));
        let hears = !parameters.contains(&NO_WEBHOOK);
        let url = hears.then_some("https://a1b2c3.execute-api.us-east-1.amazonaws.com");
        assert_eq!((config.public_url.as_deref(), config.webhook_secret.is_some()), (url, hears));
    }
}
