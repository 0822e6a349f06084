"""What each person sees in the chat: requester, operator, admin; and the one turn they share."""
