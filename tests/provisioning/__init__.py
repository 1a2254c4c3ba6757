"""Tests of settings at a platform."""
