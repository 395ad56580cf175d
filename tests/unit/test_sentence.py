"""Sentences: English as texts, the reader's language where a page asks."""

from __future__ import annotations

import json
import pickle

from django.utils import translation

from sb_sync.sentence import Sentence, translate


def test_a_sentence_is_english_until_a_page_translates_it_with_all_that_it_holds() -> None:
    # Words that Django itself translates.
    said = Sentence("{answer}; {key}", answer=Sentence("Yes"), key="No")
    with translation.override("de"):
        assert (said, json.dumps([said]), translate(said)) == ("Yes; No", '["Yes; No"]', "Ja; No")
    assert translate(said) == said


def test_values_are_no_patterns() -> None:
    assert Sentence("excluded by {value}", value="{0}%s").translated() == "excluded by {0}%s"


def test_a_sentence_outlives_a_cache() -> None:
    said = pickle.loads(pickle.dumps(Sentence("{answer}!", answer=Sentence("Yes"))))
    with translation.override("de"):
        assert said.translated() == "Ja!"
