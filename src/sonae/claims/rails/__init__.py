"""Ways to pay a claim: files for banks, batches on chains, another exchange, credit with us.

Nothing here sends or signs anything. What is written is refused whole or written whole; files for
banks (Zengin 総合振込, ISO 20022 pain.001) are read back to the byte, and so is what comes back.
"""
