"""Groups: what the bot hears there, its rights, members, and becoming a supergroup."""

from __future__ import annotations

import pytest

from sandbox.client import Control, Phone, SandboxRefused
from tests.sandbox.conftest import ANN, BEN, Api, Refused, keys


async def texts(api: Api) -> list[str]:
    return [u["message"]["text"] for u in await api.take() if "text" in u.get("message", {})]


@pytest.fixture
def desk(ann: Phone, group: int) -> Phone:
    """Ann's app, open on the group."""
    return Phone(ann.base_url, ANN, group)


async def test_in_privacy_mode_only_commands_and_replies_are_heard(
    api: Api, desk: Phone, control: Control, group: int
) -> None:
    own = await api.say(group, "card", reply_markup=keys("Claim"))
    await desk.send("just talking")
    await desk.send("/queue")
    await desk.send("/queue@postern_sandbox_bot now")
    await desk.send("/queue@another_bot")
    await desk.send("a reply", reply_to=own)
    await desk.send_media("photo")
    assert await texts(api) == ["/queue", "/queue@postern_sandbox_bot now", "a reply"]
    await desk.press("Claim", wait=0)
    assert (await api.take())[0]["callback_query"]["data"] == "claim"
    await control.set_rights(group, bot_status="administrator")
    await desk.send("just talking")
    assert await texts(api) == ["just talking"]


async def test_the_bot_learns_that_it_was_added(api: Api, ann: Phone, control: Control) -> None:
    await control.add_group(-55, "Small", [ANN], bot_is_admin=True)
    member, message = await api.take()
    assert member["my_chat_member"]["old_chat_member"]["status"] == "left"
    assert member["my_chat_member"]["new_chat_member"]["can_delete_messages"] is True
    assert message["message"]["new_chat_members"][0]["is_bot"] is True
    assert message["message"]["chat"]["type"] == "group"


async def test_a_bot_without_the_right_to_write_is_refused(api: Api, group: int, control: Control) -> None:
    await control.set_rights(group, can_send=False)
    with pytest.raises(Refused, match=r"^Bad Request: not enough rights to send text messages to the chat$"):
        await api.say(group)
    me = (await api("getMe"))["id"]
    assert (await api("getChatMember", chat_id=group, user_id=me))["status"] == "restricted"
    await control.set_rights(group, can_send=True)
    await api.say(group)


async def test_a_bot_that_was_removed_is_told_so(api: Api, group: int, control: Control) -> None:
    await control.set_rights(group, bot_status="kicked")
    assert (await api.take())[0]["my_chat_member"]["new_chat_member"]["status"] == "kicked"
    with pytest.raises(Refused, match=r"^Forbidden: bot was kicked from the supergroup chat$"):
        await api.say(group)
    await control.set_rights(group, bot_status="member")
    await api("leaveChat", chat_id=group)
    with pytest.raises(Refused, match=r"^Forbidden: bot is not a member of the supergroup chat$"):
        await api.say(group)


async def test_a_group_that_became_a_supergroup_tells_its_new_id(
    api: Api, ann: Phone, control: Control
) -> None:
    await control.add_group(-55, "Small", [ANN], bot_is_admin=True)
    await api.say(-55, "card")
    await api.take()
    new = await control.migrate(-55)
    old_told, new_told = [u["message"] for u in await api.take()]
    assert (old_told["chat"]["id"], old_told["migrate_to_chat_id"]) == (-55, new)
    assert (new_told["chat"]["id"], new_told["migrate_from_chat_id"]) == (new, -55)
    with pytest.raises(
        Refused, match=r"^Bad Request: group chat was upgraded to a supergroup chat$"
    ) as refused:
        await api.say(-55)
    assert refused.value.parameters == {"migrate_to_chat_id": new}
    await api.say(new)
    assert -55 not in [c["id"] for c in (await ann.world())["chats"]]
    with pytest.raises(SandboxRefused, match="supergroup"):
        await Phone(ann.base_url, ANN, -55).send("anyone?")


async def test_members_can_be_read_and_removed_by_an_administrator(
    api: Api, group: int, control: Control
) -> None:
    with pytest.raises(Refused, match="not enough rights to restrict/unrestrict chat member"):
        await api("banChatMember", chat_id=group, user_id=BEN)
    await control.set_rights(group, bot_status="administrator")
    await api.take()
    await api.updates(allowed_updates=["message", "chat_member"])
    assert await api("getChatMemberCount", chat_id=group) == 3
    assert [m["status"] for m in await api("getChatAdministrators", chat_id=group)] == [
        "creator",
        "administrator",
    ]
    await api("banChatMember", chat_id=group, user_id=BEN)
    told, left = await api.take()
    assert told["chat_member"]["new_chat_member"]["status"] == "left"
    assert left["message"]["left_chat_member"]["id"] == BEN
    assert (await api("getChatMember", chat_id=group, user_id=BEN))["status"] == "left"
    with pytest.raises(Refused, match="can't remove chat owner"):
        await api("banChatMember", chat_id=group, user_id=ANN)


async def test_others_can_be_asked_about_by_an_administrator_only(
    api: Api, group: int, control: Control
) -> None:
    me = (await api("getMe"))["id"]
    assert (await api("getChatMember", chat_id=group, user_id=me))["status"] == "member"
    with pytest.raises(Refused, match=r"^Bad Request: member list is inaccessible$"):
        await api("getChatMember", chat_id=group, user_id=BEN)
    await control.set_rights(group, bot_status="administrator")
    assert (await api("getChatMember", chat_id=group, user_id=BEN))["status"] == "member"


async def test_an_administrator_made_by_the_owner_is_listed_and_cannot_be_removed(
    api: Api, group: int, control: Control
) -> None:
    await control.set_rights(group, bot_status="administrator")
    await control.set_member(group, BEN, True, admin=True)
    admins = await api("getChatAdministrators", chat_id=group, return_bots=True)
    assert [(m["user"]["id"], m["status"]) for m in admins[:2]] == [(ANN, "creator"), (BEN, "administrator")]
    assert admins[1]["can_be_edited"] is False
    with pytest.raises(Refused, match=r"^Bad Request: user is an administrator of the chat$"):
        await api("banChatMember", chat_id=group, user_id=BEN)
    with pytest.raises(SandboxRefused, match="other than the owner"):
        await control.set_member(group, ANN, True, admin=True)
    await control.set_member(group, BEN, True, admin=False)
    await api("banChatMember", chat_id=group, user_id=BEN)


async def test_the_menu_in_force_follows_scope_and_language(
    api: Api, ann: Phone, group: int, control: Control
) -> None:
    async def menus() -> dict[int, list[str]]:
        chats = (await ann.world())["chats"]
        return {chat["id"]: [c["command"] for c in chat["commands"]] for chat in chats}

    def menu(*names: str) -> list[dict[str, str]]:
        return [{"command": name, "description": name} for name in names]

    await api("setMyCommands", commands=menu("start"))
    await api("setMyCommands", commands=menu("help"), scope={"type": "all_private_chats"}, language_code="ru")
    await api("setMyCommands", commands=menu("queue"), scope={"type": "chat", "chat_id": group})
    assert await menus() == {ANN: ["help"], BEN: ["start"], group: ["queue"]}
    await api("deleteMyCommands", scope={"type": "chat", "chat_id": group})
    assert (await menus())[group] == ["start"]
    assert await api("getMyCommands") == menu("start")
