import pytest
import rclpy

from multigen_core import contract
from multigen_core.ros.endpoints import publisher
from multigen_core.ros.factory import message_class
from multigen_core.ros.polled_subscription import PolledSubscription
from multigen_core.types import PourEstimate, PourProgress


@pytest.fixture
def unspun(peer):
    """A node that no executor serves."""
    node = rclpy.create_node("unspun", context=peer.context)
    yield node
    node.destroy_node()


def poll(wait, subscription, last):
    """The stamps of everything taken until the one with the stamp `last` comes."""
    stamps = []

    def came():
        stamps.extend(item.stamp for item in subscription.take())
        return last in stamps

    wait(came, subscription.topic.name)
    return stamps


def test_only_the_newest_is_kept_until_it_is_taken(peer, unspun, wait):
    sender = publisher(peer, contract.ESTIMATE)
    subscription = PolledSubscription(unspun, contract.ESTIMATE, 1)
    other = PolledSubscription(unspun, contract.GOAL, 1)
    wait(lambda: sender.subscribers, "the subscription")
    for stamp in range(100):
        sender.send(PourEstimate(stamp, 1e-4))
    publisher(peer, contract.GOAL).send(PourProgress(9, "accepted", 1e-4))
    poll(wait, other, 9)
    assert len(poll(wait, subscription, 99)) < 10
    assert subscription.take() == []


def test_a_latched_message_reaches_one_who_comes_later(peer, unspun, wait):
    publisher(peer, contract.GOAL).send(PourProgress(7, "accepted", 1e-4))
    assert poll(wait, PolledSubscription(unspun, contract.GOAL, 1), 7) == [7]


def test_a_malformed_message_is_left_out(peer, unspun, wait):
    sender = publisher(peer, contract.PROGRESS)
    subscription = PolledSubscription(unspun, contract.PROGRESS, 10)
    wait(lambda: sender.subscribers, "the subscription")
    sender.publish(message_class(contract.PROGRESS.type)(outcome="perhaps"))
    sender.send(PourProgress(3, "pour", 1e-4))
    assert poll(wait, subscription, 3) == [3]
