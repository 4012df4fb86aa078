"""Words of our own choice, each of them one token of o200k behind a space.

A text made of them counts as many tokens as it has words, so that nothing
here needs a tokenizer. `tests/it/oracle.rs` checks the list against the
product's tokenizer.
"""

WORDS = (
    "river stone garden window paper market letter winter summer bridge "
    "coffee morning evening yellow silver simple narrow quiet gentle strong "
    "carry follow answer listen travel gather measure repair deliver collect "
    "order invoice parcel refund account payment customer supplier warehouse driver "
    "city village harbor island forest mountain valley field meadow orchard "
    "table chair lamp mirror carpet kitchen cellar corner door ladder "
    "bread butter apple cherry pepper onion honey sugar salt water "
    "doctor teacher farmer painter writer singer baker engineer lawyer sailor "
    "monday friday sunday january march april june july august "
    "north south east west left right above below inside outside "
    "first second third fourth fifth sixth seventh ninth tenth final "
    "always never often seldom maybe almost really hardly nearly exactly "
    "because although unless until while before after during without within "
    "open close begin finish start stop enter leave accept refuse "
    "blue green black white brown purple orange grey pink gold "
    "large small long short wide heavy light early late fresh "
    "signal number report record letter message notice ticket contract license "
    "engine wheel battery cable switch button handle screen camera printer "
    "question problem reason result method lesson chapter story poem song "
    "horse sheep rabbit eagle salmon spider turtle monkey dragon tiger"
).split()
WORDS = list(dict.fromkeys(WORDS))

# For long texts: few bytes for each token.
SHORT = (
    "a an as at be by do go he if in is it me my no of on or so to up us we "
    "and the for but not you all can had her was one our out day get has him "
    "how man new now old see two way who boy did its let put say she too use"
).split()
