/** What a terminal says by itself when a program asks: device attributes, status, cursor position,
 *  modes, and answers that begin with DCS or OSC (ECMA-48; xterm's control sequences). */
// eslint-disable-next-line no-control-regex
const ANSWER = /^\x1b(?:\[[?>]?[\d;]*\$?[cnRxy]|[P\]])/;

/** Whether xterm sent this, and not the learner's hand. */
export function isAnswer(text: string): boolean {
  return ANSWER.test(text);
}
