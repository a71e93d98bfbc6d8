//! As much of CloudFormation as template.yaml uses: what a stack of given parameters is made of.

use std::collections::BTreeMap;

use saphyr::{LoadableYamlNode, Scalar, Yaml};
use serde_json::{Map, Value, json};

const ACCOUNT: &str = "123456789012";
const REGION: &str = "us-east-1";

pub(super) struct Stack {
    template: Value,
    parameters: BTreeMap<String, String>,
}

impl Stack {
    pub(super) fn new(given: &[(&str, &str)]) -> Self {
        let text = std::fs::read_to_string("template.yaml").unwrap();
        let template = long_form(&Yaml::load_from_str(&text).unwrap()[0]);
        let mut parameters = BTreeMap::new();
        for (name, declared) in template["Parameters"].as_object().unwrap() {
            let given = given.iter().find(|(given, _)| given == name).map(|(_, value)| (*value).to_owned());
            let value = given.or_else(|| declared.get("Default").map(text_of));
            parameters.insert(name.clone(), value.unwrap_or_else(|| panic!("{name} has no default")));
        }
        for (name, _) in given {
            assert!(parameters.contains_key(*name), "the template has no parameter {name}");
        }
        Self { template, parameters }
    }

    /// The properties of every resource that comes to be, by name.
    pub(super) fn resources(&self, kind: &str) -> BTreeMap<String, Value> {
        let resources = self.template["Resources"].as_object().unwrap().iter();
        resources
            .filter(|(_, resource)| resource["Type"] == kind)
            .filter(|(_, resource)| resource["Condition"].as_str().is_none_or(|name| self.named_condition(name)))
            .map(|(name, resource)| {
                let mut properties = json!({});
                if kind == "AWS::Serverless::Function" {
                    merge(&mut properties, &self.template["Globals"]["Function"]);
                }
                merge(&mut properties, &resource["Properties"]);
                (name.clone(), self.resolve(&properties).unwrap())
            })
            .collect()
    }

    /// The one of this name, if it comes to be.
    pub(super) fn named(&self, kind: &str, name: &str) -> Option<Value> {
        self.resources(kind).remove(name)
    }

    /// The only one of its kind.
    pub(super) fn resource(&self, kind: &str) -> Value {
        let found = self.resources(kind);
        assert_eq!(found.len(), 1, "{kind}");
        found.into_values().next().unwrap()
    }

    pub(super) fn output(&self, name: &str) -> String {
        text_of(&self.resolve(&self.template["Outputs"][name]["Value"]).unwrap())
    }

    /// None is AWS::NoValue, which takes the property away.
    fn resolve(&self, value: &Value) -> Option<Value> {
        Some(match value {
            Value::Array(items) => items.iter().filter_map(|item| self.resolve(item)).collect(),
            Value::Object(map) => match map.iter().next() {
                Some((function, argument)) if function == "Ref" || function.starts_with("Fn::") => {
                    return self.call(function, argument);
                }
                _ => Value::Object(
                    map.iter().filter_map(|(key, value)| Some((key.clone(), self.resolve(value)?))).collect(),
                ),
            },
            scalar => scalar.clone(),
        })
    }

    fn call(&self, function: &str, argument: &Value) -> Option<Value> {
        let part = |index: usize| self.resolve(&argument[index]).unwrap();
        Some(match function {
            "Ref" if argument == "AWS::NoValue" => return None,
            "Ref" => self.variable(argument.as_str().unwrap(), &Map::new()).into(),
            "Fn::GetAtt" => self.variable(argument.as_str().unwrap(), &Map::new()).into(),
            "Fn::If" => {
                return self
                    .resolve(&argument[if self.named_condition(argument[0].as_str().unwrap()) { 1 } else { 2 }]);
            }
            "Fn::FindInMap" => {
                self.template["Mappings"][text_of(&part(0))][text_of(&part(1))][text_of(&part(2))].clone()
            }
            "Fn::Split" => text_of(&part(1)).split(part(0).as_str().unwrap()).collect(),
            "Fn::Sub" => match argument {
                Value::String(text) => self.substitute(text, &Map::new()),
                _ => self.substitute(argument[0].as_str().unwrap(), part(1).as_object().unwrap()),
            },
            _ => panic!("{function} is not known here"),
        })
    }

    fn substitute(&self, text: &str, own: &Map<String, Value>) -> Value {
        let mut pieces = text.split("${");
        let mut result = pieces.next().unwrap().to_owned();
        for piece in pieces {
            let (name, rest) = piece.split_once('}').unwrap();
            match name.strip_prefix('!') {
                Some(literal) => result += &format!("${{{literal}}}"),
                None => result += &self.variable(name, own),
            }
            result += rest;
        }
        result.into()
    }

    /// What a name or an attribute stands for: a pseudo parameter, a parameter, a resource.
    fn variable(&self, name: &str, own: &Map<String, Value>) -> String {
        if let Some(value) = own.get(name) {
            return text_of(value);
        }
        if let Some(value) = self.parameters.get(name) {
            return value.clone();
        }
        let (logical, attribute) = name.split_once('.').unwrap_or((name, ""));
        let resource = &self.template["Resources"][logical];
        match (name, resource["Type"].as_str().unwrap_or_default(), attribute) {
            ("AWS::Partition", ..) => "aws".to_owned(),
            ("AWS::Region", ..) => REGION.to_owned(),
            ("AWS::AccountId", ..) => ACCOUNT.to_owned(),
            ("AWS::StackName", ..) => "rendergate".to_owned(),
            (_, "AWS::S3::Bucket", "") => format!("rendergate-{}", logical.to_lowercase()),
            (_, "AWS::S3::Bucket", "Arn") => format!("arn:aws:s3:::rendergate-{}", logical.to_lowercase()),
            (_, "AWS::SQS::Queue", "") => format!("https://sqs.{REGION}.amazonaws.com/{ACCOUNT}/rendergate-{logical}"),
            (_, "AWS::SQS::Queue", "Arn") => format!("arn:aws:sqs:{REGION}:{ACCOUNT}:rendergate-{logical}"),
            (_, "AWS::SecretsManager::Secret", "") => {
                format!("arn:aws:secretsmanager:{REGION}:{ACCOUNT}:secret:{logical}-AbCdEf")
            }
            (_, "AWS::Logs::LogGroup", "Arn") => {
                let group = self.resolve(&resource["Properties"]["LogGroupName"]).unwrap();
                format!("arn:aws:logs:{REGION}:{ACCOUNT}:log-group:{}:*", text_of(&group))
            }
            (_, "AWS::ApiGatewayV2::Api", "ApiEndpoint") => {
                format!("https://a1b2c3.execute-api.{REGION}.amazonaws.com")
            }
            (_, "", _) => panic!("{name} is not in the template"),
            _ => name.to_owned(),
        }
    }

    fn named_condition(&self, name: &str) -> bool {
        self.condition(&self.template["Conditions"][name])
    }

    fn condition(&self, condition: &Value) -> bool {
        let (function, argument) = condition.as_object().unwrap().iter().next().unwrap();
        let mut parts = argument.as_array().into_iter().flatten();
        match function.as_str() {
            "Condition" => self.named_condition(argument.as_str().unwrap()),
            "Fn::Not" => parts.all(|part| !self.condition(part)),
            "Fn::And" => parts.all(|part| self.condition(part)),
            "Fn::Or" => parts.any(|part| self.condition(part)),
            "Fn::Equals" => self.resolve(&argument[0]) == self.resolve(&argument[1]),
            _ => panic!("{function} is not known here"),
        }
    }
}

/// As SAM merges what all functions have with what one has.
fn merge(into: &mut Value, from: &Value) {
    match (into, from) {
        (Value::Object(into), Value::Object(from))
            if !from.keys().any(|key| key == "Ref" || key.starts_with("Fn::")) =>
        {
            for (key, value) in from {
                merge(into.entry(key).or_insert(json!({})), value);
            }
        }
        (into, from) => *into = from.clone(),
    }
}

/// YAML's tags written out: `!Sub x` as `{"Fn::Sub": "x"}`.
fn long_form(yaml: &Yaml<'_>) -> Value {
    match yaml {
        Yaml::Tagged(tag, inner) => match tag.suffix.as_str() {
            name @ ("Ref" | "Condition") => json!({ name: long_form(inner) }),
            name => json!({ format!("Fn::{name}"): long_form(inner) }),
        },
        Yaml::Sequence(items) => items.iter().map(long_form).collect(),
        Yaml::Mapping(map) => {
            Value::Object(map.iter().map(|(key, value)| (text_of(&long_form(key)), long_form(value))).collect())
        }
        Yaml::Value(Scalar::Boolean(value)) => json!(value),
        Yaml::Value(Scalar::Integer(value)) => json!(value),
        Yaml::Value(Scalar::String(value)) => json!(value),
        other => panic!("{other:?} has no place in a template"),
    }
}

pub(super) fn text_of(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}
