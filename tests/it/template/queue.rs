//! The queue, its worker and the alarms of template.yaml.

use serde_json::json;

use super::{NO_QUEUE, stack};

#[test]
fn the_worker_reads_the_queue_as_aws_advises() {
    let stack = stack(&[("WorkerConcurrency", "7")]);
    let worker = stack.named("AWS::Serverless::Function", "WorkerFunction").unwrap();
    let source = &worker["Events"]["Jobs"];
    let queue = "arn:aws:sqs:us-east-1:123456789012:rendergate-JobQueue";
    assert_eq!(
        (&source["Type"], &source["Properties"]),
        (
            &json!("SQS"),
            &json!({ "Queue": queue, "BatchSize": 10, "FunctionResponseTypes": ["ReportBatchItemFailures"],
                "ScalingConfig": { "MaximumConcurrency": "7" } })
        )
    );
    let queues = stack.resources("AWS::SQS::Queue");
    let hidden = queues["JobQueue"]["VisibilityTimeout"].as_u64().unwrap();
    assert_eq!(hidden, 6 * worker["Timeout"].as_u64().unwrap());
    assert_eq!(
        queues["JobQueue"]["RedrivePolicy"],
        json!({ "deadLetterTargetArn": "arn:aws:sqs:us-east-1:123456789012:rendergate-DeadLetters", "maxReceiveCount": 5 })
    );
    // Both work with the same settings: what one accepts, the other finds.
    let api = stack.named("AWS::Serverless::Function", "ApiFunction").unwrap();
    for name in ["RENDERGATE_QUEUE_URL", "RENDERGATE_STATE", "RENDERGATE_BUCKET", "RENDERGATE_DESTINATIONS"] {
        assert_eq!(worker["Environment"]["Variables"][name], api["Environment"]["Variables"][name], "{name}");
    }
    assert_eq!(worker["Role"], api["Role"]);
}

#[test]
fn queue_and_alarms_are_there_where_they_are_wanted() {
    let names = |more: &[(&str, &str)], kind: &str| stack(more).resources(kind).into_keys().collect::<Vec<_>>();
    let topic = ("AlarmTopicArn", "arn:aws:sns:us-east-1:123456789012:ops");
    assert_eq!(names(&[NO_QUEUE], "AWS::SQS::Queue"), Vec::<String>::new());
    assert_eq!(names(&[NO_QUEUE], "AWS::Serverless::Function"), ["ApiFunction"]);
    assert_eq!(names(&[], "AWS::CloudWatch::Alarm"), Vec::<String>::new());
    assert_eq!(names(&[NO_QUEUE, topic], "AWS::CloudWatch::Alarm"), ["ApiErrors", "ApiThrottles"]);
    let alarms = stack(&[topic]).resources("AWS::CloudWatch::Alarm");
    let all = ["ApiErrors", "ApiThrottles", "DeadLettersArrived", "QueueAge", "WorkerErrors", "WorkerThrottles"];
    assert_eq!(alarms.keys().collect::<Vec<_>>(), all);
    assert!(alarms.values().all(|alarm| alarm["AlarmActions"] == json!([topic.1])));
}
