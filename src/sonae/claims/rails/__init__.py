"""Files for banks: Zengin bulk transfers (総合振込), ISO 20022 pain.001, and what comes back.

Nothing here sends anything. A file is refused whole or written whole, and read back to the byte.
"""
