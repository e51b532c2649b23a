"""kafka_logs -- what happens to Kafka's logs in their old age: their beginning is taken away."""

import ctypes


def trim(brokers, topic, offsets):
    """Takes away what is before these offsets, {partition: offset}. By librdkafka itself: its
    binding for Python has no such call yet."""
    kafka = ctypes.CDLL("librdkafka.so.1")
    for name in ("conf_new", "new", "queue_new", "queue_poll", "DeleteRecords_new",
                 "topic_partition_list_new"):
        getattr(kafka, f"rd_kafka_{name}").restype = ctypes.c_void_p
    pointer = ctypes.c_void_p
    conf = pointer(kafka.rd_kafka_conf_new())
    kafka.rd_kafka_conf_set(conf, b"bootstrap.servers", brokers.encode(),
                            None, ctypes.c_size_t(0))
    client = pointer(kafka.rd_kafka_new(0, conf, None, ctypes.c_size_t(0)))
    wanted = pointer(kafka.rd_kafka_topic_partition_list_new(len(offsets)))
    for partition, offset in offsets.items():
        kafka.rd_kafka_topic_partition_list_add(wanted, topic.encode(), partition)
        kafka.rd_kafka_topic_partition_list_set_offset(
            wanted, topic.encode(), partition, ctypes.c_int64(offset))
    queue = pointer(kafka.rd_kafka_queue_new(client))
    request = pointer(kafka.rd_kafka_DeleteRecords_new(wanted))
    kafka.rd_kafka_DeleteRecords(
        client, (ctypes.c_void_p * 1)(request), ctypes.c_size_t(1), None, queue)
    answer = pointer(kafka.rd_kafka_queue_poll(queue, 30_000))
    if kafka.rd_kafka_event_error(answer) != 0:
        raise AssertionError(f"{topic} could not be trimmed")
    for free, made in (("event_destroy", answer), ("DeleteRecords_destroy", request),
                       ("queue_destroy", queue), ("topic_partition_list_destroy", wanted),
                       ("destroy", client)):
        getattr(kafka, f"rd_kafka_{free}")(made)
