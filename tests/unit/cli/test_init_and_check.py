"""`init` and `check`: from an empty folder to an installation that is known to be ready."""

from __future__ import annotations

import shutil
import stat
from pathlib import Path

import pytest
from tests.unit.cli.conftest import ROOT, Keyboard, complained
