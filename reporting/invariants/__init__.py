"""What must always be true of what is stored: each a sentence, one SQL statement and a remedy.

The statements find what breaks the sentence. They only read, they look at sets of rows and use
indexes; however much is wrong, a count and a few examples come back.
"""
