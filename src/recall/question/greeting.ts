/** Messages that greet or thank and ask nothing. */

const greeting =
  /^\s*(?:(?:hi|hello|hey|good (?:morning|afternoon|evening|night)|bye|goodbye|thanks|thank you|ok|okay|hallo|guten (?:tag|morgen|abend)|danke|tschüss|bonjour|bonsoir|salut|merci|au revoir|hola|buenos días|buenas (?:tardes|noches)|gracias|adiós)(?: there| all| everyone)?[\s!.,]*)+$/iu

/** A greeting is shorter, UTF-16 units. */
const longest = 200

/** Whether a text only greets, thanks or agrees, in English, German, French or Spanish. */
export function isGreeting(text: string): boolean {
  return text.length <= longest && greeting.test(text)
}
