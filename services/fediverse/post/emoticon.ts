// The traditional emoticons of snac(5), "Message Formatting": typed as text, published as Unicode.

const table: ReadonlyMap<string, string> = new Map([
  [':-)', '🙂'],
  [':-D', '😀'],
  ['X-D', '😆'],
  [';-)', '😉'],
  ['B-)', '😎'],
  ['>:-(', '😡'],
  [':-(', '😞'],
  [':-*', '😘'],
  [':-/', '😕'],
  ['8-o', '😲'],
  ['%-)', '🤪'],
  [':_(', '😢'],
  [':-|', '😐'],
  ['<3', '❤️'],
  [':facepalm:', '🤦'],
  [':shrug:', '🤷'],
  [':shrug2:', '¯\\_(ツ)_/¯'],
  [':eyeroll:', '🙄'],
  [':beer:', '🍺'],
  [':beers:', '🍻'],
  [':munch:', '😱'],
  [':thumb:', '👍'],
])

const words = [...table.keys()].map((key) => key.replace(/[^\w\s]/g, '\\$&')).join('|')
const pattern = new RegExp(`(?<=^|\\s)(?:${words})(?=$|[\\s.,!?)])`, 'g')

/** Replaces emoticons that stand alone between spaces (so `18-oak` and `http://` stay as they are). */
export function replaceEmoticons(text: string): string {
  return text.replace(pattern, (word) => table.get(word) ?? word)
}
