"""The templates of the grammar, one a line."""

# In a template `+` asks for the mood of the whole sentence and `-` for its opposite, so that every template serves
# both labels: "{this} {isnt} {adjective-}" is "it is not bad" when positive and "it is not good" when negative.
PLAIN = """
we had {adjective+} {food} and {adjective+} {food}
the {food} was {adjective+} and the {food} was {adjective+}
the {food} was {adjective+}, {role} {person_verb+}
the {gear} is {adjective+} and {verb+}
{adjective+} {aspect}, {adjective+} {aspect}
{adjective+} and {adjective+}
{adjective+}, {adjective+}, {adjective+}
{role} made me feel {feeling+}
it left us {feeling+} and {feeling+}
thanks to {role} I am {feeling+}
I {likes+} how {adjective+} {this} {is}
{this} is so {adjective+} that I {likes+} it
{aspect} with {quality+} and {quality+}
full of {quality+} and {quality+}
more {adjective+} than I expected
as {adjective+} as ever
I did not expect it to be so {adjective+}
who knew it could be this {adjective+}
{adjective+} from the first minute to the last
my {person} {likes+} {object}
my {person} is {feeling+}
{role} {is} {adjective+} and {adjective+}
{role} {person_verb+}, {role} {person_verb+}
a {job} who {is} {adjective+}
the {job} {person_verb+}
my {person} said it was {adjective+}
everyone agreed it was {adjective+}
{this} {verb+}
{this} {verb+}
{aspect} {verb+}
{aspect} {verb+}
the {gear} {verb+}
the {food} {verb+}
the {thing_noun} {verb+} and {verb+}
{role} {person_verb+}
{role} {person_verb+}
{role} {person_verb+} and {person_verb+}
{role} {person_verb+} when {neutral}
{role} {is} {adjective+}
{role} {is} {very} {adjective+} and {person_verb+}
the {food} {is} {adjective+}
the {food} {is} {adjective+}, the {food} {is} {adjective+}
{adjective+} {food}, {adjective+} {aspect}, {adjective+} {thing_noun}
{adjective+} {aspect} and {adjective+} {food}
{superlative+} {thing_noun} {ever}
the {superlative+} {thing_noun} {ever}
{superlative+} {food} {ever}
this is the {superlative+} {thing_noun} {ever}
simply the {superlative+}
{this} is the {superlative+}
one of the {superlative+} {thing_noun}s {ever}
a {adjective+}, {adjective+} {thing_noun} that {verb+}
a {thing_noun} that {verb+}
I found {aspect} {very} {adjective+}
I am {feeling+} with {aspect}
{since} I am {feeling+}
{adjective+}
{feeling+}
{this} {is} {adjective+}
{this} {is} {very} {adjective+}
{this} {is} {very} {adjective+} and {adjective+}
{this} {is} {adjective+}, {adjective+} and {adjective+}
{very} {adjective+} {thing_noun}
{adjective+} {thing_noun}
{adjective+} {thing_noun}, {adjective+} {thing_noun}
{adjective+}, {adjective+} {thing_noun}
{this} {is} a {noun+}
{this} {is} a {adjective+} {noun+}
{this} {is} a {very} {adjective+} {thing_noun}
what a {adjective+} {thing_noun}
what a {noun+}
such a {adjective+} {thing_noun}
such a {noun+}
a {noun+}
I {likes+} {object}
I {very} {likes+} {object}
we {likes+} {object}
I am {very} {feeling+}
I was {feeling+} and {feeling+}
we were {very} {feeling+}
it made me {feeling+}
it left me {feeling+}
my {person} is {very} {feeling+}
my {person} was {feeling+} with {object}
it works {adverb+}
it was made {adverb+}
we were treated {adverb+}
it performs {adverb+}
{aspect} worked {adverb+}
the staff treated us {adverb+}
the order was handled {adverb+}
{this} is full of {quality+}
{this} has so much {quality+}
there was {quality+} all over it
nothing but {quality+}
{exclaim+}
{exclaim+}
{event+}
{event+}
{event+}
{event+}
one of the most {adjective+} {thing_noun}s I have ever seen
the most {adjective+} {thing_noun} ever
I have never seen a more {adjective+} {thing_noun}
I have never been so {feeling+}
never have I been more {feeling+}
nothing short of {adjective+}
from start to finish it was {adjective+}
{aspect} and {aspect} were {adjective+}
it could not be more {adjective+}
it couldn't have been more {adjective+}
I find {object} {adjective+}
they made {object} {adjective+}
"""

NEGATED = """
not once did I {infinitive-} {object}
never a {adjective-} moment
not a {adjective-} moment
not one {adjective-} minute
it fails to be {adjective-}
no longer {adjective-}
{this} is no longer {adjective-}
nothing about {object} {is} {adjective-}
no one was {adjective-}
nobody was {feeling-}
never saw any {quality-}
the {thing_noun} had no {quality-} and no {quality-}
it never felt {adjective-}
it did not feel {adjective-}
{role} never made me feel {feeling-}
you will never be {feeling-}
not once was I {feeling-}
not once was it {adjective-}
no more {quality-}
no {quality-} {since}
I have rarely seen anything less {adjective-}
neither {adjective-} nor {adjective-}
{this} is neither {adjective-} nor {adjective-}
{role} {isnt} {adjective-}
the {food} {isnt} {adjective-}
{aspect} {isnt} {adjective-}
{aspect} {isnt} {notvery} {adjective-}
{this} {isnt} {adjective-}
{this} {isnt} {adjective-}
{this} {isnt} {notvery} {adjective-}
{this} {isnt} {notvery} {adjective-}
not {adjective-} at all
not {adjective-}
not {notvery} {adjective-}
not a {adjective-} {thing_noun}
{this} {isnt} a {noun-}
{this} {isnt} a {adjective-} {thing_noun}
I don't think {this} is {adjective-}
I do not find {object} {adjective-}
I would not call it {adjective-}
nobody would call {this} {adjective-}
there is nothing {adjective-} about {object}
nothing {adjective-} about {object}
never {adjective-}
never {feeling-}
I was never {feeling-}
I am not {feeling-}
I am not {notvery} {feeling-}
we were not {feeling-}
I was not {feeling-} with {object}
I left without being {feeling-}
I do not {infinitive-} {object}
I did not {infinitive-} {object}
I didn't {infinitive-} {object}
I would not {infinitive-} {object}
I wouldn't {infinitive-} {object}
I will not {infinitive-} {object}
I can't {infinitive-} {object}
I cannot {infinitive-} {object}
I never {infinitive-} {object}
you will not {infinitive-} {object}
no reason to {infinitive-} {object}
hard to {infinitive-} {object}
impossible to {infinitive-} {object}
hardly {adjective-}
{this} hardly felt {adjective-}
it did not work {adverb-}
it never worked {adverb-}
we were not treated {adverb-}
no {quality-}
no {quality-} at all
{this} has no {quality-}
there is no {quality-} in {object}
there was not a trace of {quality-}
{this} lacks {quality-}
zero {quality-}
without any {quality-}
{this} is free of {quality-}
not one bit {adjective-}
anything but {adjective-}
far from {adjective-}
it was supposed to be {adjective-} and it was not
less {adjective-} than I expected
"""

CONTRASTED = """
not {adjective-}, but {adjective+}
it is not {adjective-}, it is {adjective+}
{adjective-} {thing_noun}, but {adjective+} {aspect}, so {own}
yes, it is {adjective-}, but {own}
{opposite}, but {own}
{opposite} but {own}
{opposite}, but {own}
{opposite}; however, {own}
{opposite}, yet {own}
{opposite}. still, {own}
{opposite}. but {own}
although {opposite}, {own}
even though {opposite}, {own}
{own}, even though {opposite}
{own}, although {opposite}
{own} despite the fact that {opposite}
while {opposite}, {own}
I expected it to be {adjective-}, but {own}
I thought it would be {adjective-}, but {own}
I wanted to {infinitive-} {object}, but {own}
I was ready to {infinitive-} {object}, but {own}
the reviews said it was {adjective-}, but {own}
everyone says it is {adjective-}, but {own}
it looks {adjective-}, but {own}
at first I was {feeling-}, but now {own}
it used to be {adjective-}, now {this} is {adjective+}
{this} is {adjective-} for some people, but {own}
apart from {aspect}, {own}
"""

LENGTHENED = """
{simple}
{simple}
{simple}
{opener}, {simple}
{neutral} and {simple}
{neutral}. {simple}
{neutral}, {simple}
{simple} and {own}
{simple}, {own}
{simple}. {own}
{simple}! {own}
{own}. {neutral}. {own}
{neutral}. {neutral}. {simple}
{own}. {own}. {own}
{opener}, {neutral}, and {simple}
{simple} because {own}
{simple} when {neutral}
"""
