/** Words that state nothing: greetings, thanks, agreement, questions. Without a model they are told by rule, in English. */

/** Words that a sentence of nothing but them says nothing with. */
const words = new Set(
  `a absolutely agreed ah aha aight all alright always amazing and anytime aw awesome aww away back best bet bye bro buddy buddies care catch
  certainly cheers congrats congratulations cool course cya day dear deal definitely do done dude enjoy evening everyone everybody exactly excellent
  fantastic fine folks for friend friends fun g'day glad go gotcha good goodbye goodnight gotta great greetings guys haha hahaha happy have hehe
  hear hello hey heya hi hiya hm hmm hold how hows how's hurray i indeed it it's its is just keep kidding kind know later lately lot let's lol look
  love luck lovely man mate me mm mhm mmm moment morning much my nah need never nice night no nope not noted nothing now of off oh ok okay okey
  on oops ouch peace perfect phew please pleasure problem really regards right roger same saturday see so soon sorry sounds sup super sure sweet
  take talk tell terrific thank thanks that that's the then there to today tomorrow too totally true ty u understood up ur very wait wee welcome
  week weekend well were what what's whats whoa wonderful woo woohoo wow x xo xoxo yay yeah yea yep yes yo you you're you're your yours yup`
    .split(/\s+/)
    .filter((word) => word !== ''),
)

/** More words than that are seldom said without saying something. */
const mostWords = 8

/** The sentences of a text, each with the mark at its end. */
function sentencesOf(text: string): readonly string[] {
  return text.split(/(?<=[.!?…。！？])\s+|\n+/).filter((sentence) => /[\p{L}\p{N}]/u.test(sentence))
}

function wordsOf(sentence: string): readonly string[] {
  return (
    sentence
      .toLowerCase()
      .replaceAll('’', "'")
      .match(/[\p{L}\p{N}']+/gu) ?? []
  )
}

/** Whether a sentence asks, and says nothing about the speaker. */
function isQuestion(sentence: string): boolean {
  if (!/[?？]["'”’)\]]*\s*$/u.test(sentence)) return false
  return !wordsOf(sentence).some((word) => /^(i|i'm|i've|i'd|i'll|my|mine|me|we|we're|we've|our|ours|us)$/.test(word))
}

function isSmallTalk(sentence: string): boolean {
  const said = wordsOf(sentence)
  return said.length <= mostWords && said.every((word) => words.has(word))
}

/**
 * Whether a text only greets, thanks, agrees or asks. In doubt it says something: a fact too many costs less than one
 * that is lost.
 */
export function isChatter(text: string): boolean {
  const sentences = sentencesOf(text)
  return sentences.every((sentence) => isQuestion(sentence) || isSmallTalk(sentence))
}
