"""The function's own handler, with a model that fails on some texts and quotes them in its error."""

from collections.abc import Sequence
from dataclasses import replace

from function import handler as module
from function.classifier import Classifier
from function.manifest import Manifest
from function.verdict import Sentiment


class Breaking:
    def __init__(self, classifier: Classifier) -> None:
        self._classifier = classifier

    @property
    def manifest(self) -> Manifest:
        return self._classifier.manifest

    def classify(self, texts: Sequence[str]) -> list[Sentiment]:
        if any("breaks" in text for text in texts):
            raise RuntimeError(f"cannot classify {texts}")
        return self._classifier.classify(texts)


module.classifier = Breaking(module.classifier)
module.consumer = replace(module.consumer, classifier=module.classifier)
handler = module.handler
