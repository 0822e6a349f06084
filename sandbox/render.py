"""People, chats and messages as the Bot API spells them."""

from __future__ import annotations

from sandbox.world import BotAccount, Chat, Json, Message, Person, World

ADMIN_RIGHTS = (
    "can_manage_chat", "can_delete_messages", "can_manage_video_chats", "can_restrict_members",
    "can_promote_members", "can_change_info", "can_invite_users", "can_pin_messages",
    "can_post_stories", "can_edit_stories", "can_delete_stories", "can_send_welcome_messages",
)  # fmt: skip
SENDING_RIGHTS = (
    "can_send_messages", "can_send_audios", "can_send_documents", "can_send_photos", "can_send_videos",
    "can_send_video_notes", "can_send_voice_notes", "can_send_polls", "can_send_other_messages",
    "can_add_web_page_previews", "can_react_to_messages", "can_edit_tag", "can_change_info",
    "can_invite_users", "can_pin_messages", "can_manage_topics",
)  # fmt: skip


def bot(account: BotAccount) -> Json:
    return {"id": account.id, "is_bot": True, "first_name": account.name, "username": account.username}


def person(who: Person) -> Json:
    fields: Json = {"id": who.id, "is_bot": False, "first_name": who.first_name}
    if who.username:
        fields["username"] = who.username
    if who.language_code:
        fields["language_code"] = who.language_code
    return fields


def account(world: World, account_id: int) -> Json:
    return bot(world.bot) if account_id == world.bot.id else person(world.people[account_id])


def chat(world: World, where: Chat) -> Json:
    if where.is_group:
        fields: Json = {"id": where.id, "type": where.type, "title": where.title}
        if where.type == "group":
            fields["all_members_are_administrators"] = False
        return fields
    who = person(world.people[where.id])
    return {"id": where.id, "type": "private"} | {
        name: who[name] for name in ("first_name", "username") if name in who
    }


def message(world: World, where: Chat, what: Message, *, with_reply: bool = True) -> Json:
    """A Message object; the message it replies to is included one level deep, as Telegram does."""
    fields: Json = {
        "message_id": what.id,
        "from": account(world, what.sender),
        "chat": chat(world, where),
        "date": what.at,
    }
    if what.edited_at is not None:
        fields["edit_date"] = what.edited_at
    if what.forward_origin is not None:
        fields["forward_origin"] = what.forward_origin
    if with_reply and what.reply_to in where.messages:
        fields["reply_to_message"] = message(world, where, where.messages[what.reply_to], with_reply=False)
    if what.thread is not None:
        fields |= {"message_thread_id": what.thread, "is_topic_message": True}
    if what.text is not None:
        fields["text"] = what.text
        if what.entities:
            fields["entities"] = what.entities
    if what.media is not None:
        fields |= what.media.fields
    if what.caption is not None:
        fields["caption"] = what.caption
        if what.caption_entities:
            fields["caption_entities"] = what.caption_entities
    if what.keyboard:
        fields["reply_markup"] = what.markup
    if what.protected:
        fields["has_protected_content"] = True
    return fields | (what.service or {})


def member(world: World, where: Chat, account_id: int) -> Json:
    """A ChatMember object. A group's first member is its owner."""
    user = {"user": account(world, account_id)}
    if account_id != world.bot.id:
        if account_id not in where.members:
            return user | {"status": "left"}
        if where.members[0] == account_id and where.is_group:
            return user | {"status": "creator", "is_anonymous": False}
        return user | (_in_power() if account_id in where.admins else {"status": "member"})
    status = where.bot_status
    fields: Json = user | {"status": status}
    if status == "administrator":
        fields |= _in_power()
    elif status == "restricted":
        fields |= dict.fromkeys(SENDING_RIGHTS, False) | {"is_member": True, "until_date": 0}
    elif status == "kicked":
        fields["until_date"] = 0
    return fields


def _in_power() -> Json:
    """Made so by the owner: nobody else may take the rights away."""
    rights = dict.fromkeys(ADMIN_RIGHTS, True)
    return {"status": "administrator", "can_be_edited": False, "is_anonymous": False} | rights


def member_updated(world: World, where: Chat, by: int, at: int, old: Json, new: Json) -> Json:
    """A ChatMemberUpdated object."""
    return {
        "chat": chat(world, where),
        "from": account(world, by),
        "date": at,
        "old_chat_member": old,
        "new_chat_member": new,
    }
