"""Puts the pieces together; the only package that knows concrete classes."""

from app.main.process import application, checked, create, work
from app.main.server import Server

__all__ = ["Server", "application", "checked", "create", "work"]
