"""What every table is registered in, wherever it is described."""

from sqlalchemy import MetaData

metadata = MetaData()
