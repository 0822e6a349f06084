"""The Bot API methods that the sandbox models, one file for each subject.

A method is a function `(telegram, **parameters) -> result`. Its signature says which parameters are
modelled: a call that uses another one is refused, not half obeyed.
"""
