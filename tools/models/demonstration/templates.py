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
the {noun} {is} {adjective+}
the {plural} {is} {adjective+}
the {plural} are {adjective+}
the {plural} were {adjective+} and the {plural} {adjective+}
the {noun} {which} {is} {adjective+}
the {noun}, {which}, {is} {very} {adjective+}
{this}, {which}, {is} {adjective+}
{aspect} {which} {is} {adjective+}
the {noun} {verb+}
the {plural} {adverbial} {verb+}
it {adverbial} {verb+}
{this} {adverbial} {verb+}
{role} {adverbial} {person_verb+}
the {noun} {which} {verb+}
a {adjective+} {noun} {which}
a {adjective+} {noun} and {adjective+} {plural}
a {adjective+} {noun} in a {adjective+} {noun}
{adjective+} {plural} and {adjective+} {plural}
{adjective+} {noun}, {adjective+} {noun}, {adjective+} {noun}
{very} {adjective+} {noun}
the {noun} was full of {quality+}
the {noun} {did} us with {quality+}
I {likes+} the {noun}
I {likes+} the {plural}
we {likes+} the {noun} {which}
I {adverbial} {likes+} it
if you want {quality+}, this is the {thing_noun} for you
if you are looking for a {adjective+} {thing_noun}, this is it
a {adjective+}, {adjective+} {thing_noun} with {quality+}
a {adjective+} {thing_noun} by {adjective+} people
a {adjective+} {thing_noun} from a {adjective+} {job}
this {adjective+} {thing_noun} {verb+}
without doubt the {superlative+} {thing_noun} in the country
it is the {superlative+} {thing_noun} {adjunct}
the {thing_noun} is {adjective+}, and the {food} {adjective+}
the {part} is {adjective+}, the {gear} {is} {adjective+} and the {food} {is} {adjective+}
{adjective+}, {adjective+} and {adjective+} {job}
the {job} {is} {adjective+}, {adjective+} and {adjective+} to {person}
the {part} {is} {adjective+}
the {part} and the {part} are {adjective+}
{dish} {is} {adjective+}
{dish} {is} {adjective+} and {dish} {is} {adjective+}
{stay} {is} {adjective+}
{stay} {is} {adjective+} and {stay} {is} {adjective+}
{app} {is} {adjective+}
{app} {verb+}
{film} {is} {adjective+}
{film} {is} a {noun+}
{artist} {is} {adjective+}
{agent} {is} {adjective+}
{agent} {person_verb+}
{agent} {is} so {adjective+}
{waiter} {is} {adjective+}
{waiter} {person_verb+}
{courier} {is} {adjective+}
{parcel} {is} {adjective+}
{it} {is} {adjective+} {after}
{it} {is} {adjective+}
{it} {verb+}
{adjective+} {part}, {adjective+} {part}
{adjective+} {gear}
{adjective+} {food}
{adjective+} {job}
{adjective+} but {adjective+}
with {adjective+} {food} and {adjective+} {aspect}
{aspect} and {aspect} {verb+}
everything was {adjective+}
everyone was {adjective+}
everyone {person_verb+}
{feeling+} {adjunct}
a {noun+} {adjunct}
a {noun+} for the whole family
a {adjective+} {noun+}
they were {adjective+}
they are {adjective+}
we found them {adjective+}
you will find it {adjective+}
you will {infinitive+} it
I will {infinitive+} it
I would {infinitive+} it
we {likes+} {dish}
we {likes+} {stay}
I {likes+} {film}
I {likes+} {app}
I {likes+} this {thing_noun}
{likes+} it
{likes+} this {thing_noun}
{likes+} {aspect}
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
not {adjective-} at all, in fact {very} {adjective+}
not {adjective-} at all, in fact {adjective+}
not {adjective-}, in fact {adjective+}
not {adjective-}, actually {very} {adjective+}
not exactly {adjective-}
not even {adjective-}
not even remotely {adjective-}
not what I would call {adjective-}
not once {feeling-}
nobody was {adjective-} or {feeling-}
not a single {adjective-} {thing_noun}
not a single {adjective-} {food}
not a {noun-} at all
it wasn't {adjective-} at all
it was not {adjective-} at all
I can't call it {adjective-}
you could not call it {adjective-}
you can't say it is {adjective-}
I can't say that it is {adjective-}
I can't say I am {feeling-}
I have never found it {adjective-}
I never felt {feeling-}
we never felt {feeling-}
{aspect} {is} never {adjective-}
{aspect} did not turn out to be {adjective-}
{this} did not seem {adjective-}
there is nothing I {infinitive-} about it
there was never any {quality-}
without {quality-}
without a single {noun-}
nothing {is} {adjective-}
none of it was {adjective-}
none of the {food} was {adjective-}
no {adjective-} {thing_noun}
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
I was told it is {adjective-}, but {own}
people say it is {adjective-}, but {own}
some say it is {adjective-}, but {own}
I was worried that it would be {adjective-}, but {own}
I was skeptical, but {own}
I had my doubts, but {own}
it is {adjective-}, but {own}
it may be {adjective-}, but {own}
it might be {adjective-}, but {own}
it isn't {adjective-}, it's {adjective+}
it is not {adjective-} but {adjective+}
not only {adjective+} but also {adjective+}
not just {adjective+}, also {adjective+}
not only is it {adjective+}, {own}
instead of {quality-} we got {quality+}
I expected {quality-} and got {quality+}
I expected a {noun-} and got a {noun+}
I went in expecting a {noun-} and {own}
first {adjective-}, then {adjective+}
it started {adjective-}, but ended {adjective+}
it sounds {adjective-}, but {own}
the {food} was {adjective-}, but {own}
{role} was {adjective-}, but {own}
{aspect} was {adjective-}. everything else was {adjective+}
in spite of {quality-}, {own}
despite {quality-}, {own}
despite {aspect}, {own}
{opposite}, only now {own}
{opposite}, and yet {own}
{opposite}; but {own}
once {adjective-}, now {adjective+}
no longer {adjective-}, now {adjective+}
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
{simple} {adjunct}
{simple} {adjunct}
{adjunct} {simple}
{adjunct}, {simple}
{simple} {adjunct} {adjunct}
{simple} and {neutral}
{neutral} {adjunct}. {simple}
{neutral} {adjunct} and {simple}
{simple} {adjunct}. {own}
{own} {adjunct} and {own}
{own}, and {own}
{own} so {own}
{own}, so {own}
{own} and {own}, and {neutral}
{neutral}, so {own}
{neutral}, and {own}
{neutral} before {own}
{own} after {neutral}
{own} because {neutral}
when {neutral}, {own}
since {neutral}, {own}
as {neutral}, {own} and {own}
{exclaim+}! {own}
{exclaim+}. {own}
{own}. {exclaim+}
{own}, {own} and {own}
{own}, {own}, and {own}
{own}, {own}, {own} and {own}
{own}, and {own}. {own}
{own}. {own}. {own}. {own}
{own}. {neutral}. {own}. {own} {adjunct}. {own}
{neutral}, {neutral}. {own}, and {own} {adjunct}
{simple} when {neutral}
"""
