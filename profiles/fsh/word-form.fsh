CodeSystem: WordFormCodes
Id: word-form
Title: "Word form"
Description: "How a designation in a word list is looked for, where it is not simply the word, in any letters."
* #as-written "As written" "Only with the capital and small letters that it has here"
* #ending "Ending" "As the ending of a word"
* #alternatives "Alternatives" "As many forms as its words can be put together: of those with bars between them, one at a time"
