"""The story: offline devices of two organizations against the real server, each number checked in the database.

server: the process that serves · device: a client over HTTP · truth: what the database holds, asked without sb_sync ·
stage: who takes part, and the lines of the table · chapters: what happens · batches: the records pushed in it ·
operating: what staff set and see · play: all of it in order · invitation: what is printed where the demo serves on.
"""
