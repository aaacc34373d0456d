import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { countSms, SMS_MAX_CHARACTERS, toSmsText } from '../../src/notify/sms-text.ts';

describe('14.1: what becomes of the characters of a text', () => {
  it.each([
    ['GSM basic set', '@£$¥èéùìòÇØøÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ ÄÖÑÜ§¿äöñüà¡¤', '@£$¥èéùìòÇØøÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ ÄÖÑÜ§¿äöñüà¡¤'],
    ['GSM extension', '^{}\\[~]|€', '^{}\\[~]|€'],
    ['Welsh outside GSM', 'ÀÁÂÈÊËÌÍÎÏÒÓÔÙÚÛÝáâêëíîïóôúûýÿŴŵŶŷŸẀẁẂẃẄẅỲỳ', 'ÀÁÂÈÊËÌÍÎÏÒÓÔÙÚÛÝáâêëíîïóôúûýÿŴŵŶŷŸẀẁẂẃẄẅỲỳ'],
    ['other diacritics', 'çãşžőÇ', 'caszoÇ'],
    ['one step of decomposition only', 'ế ậ', 'ê ?'],
    ['singletons', '\u212b \u2126 \u212a', 'Å Ω K'],
    ['Polish l', 'Łukasz ł', 'Lukasz l'],
    ['dashes', 'a–b—c\u2011d\u2212e', 'a-b-c-d-e'],
    ['ellipsis', 'wait…', 'wait...'],
    ['quotes', '‘a’ “b” ‚c „d', '\'a\' "b" \'c "d'],
    ['zero-width', 'gov\u200b.uk\u2060\ufeff', 'gov.uk'],
    ['emoji: one mark per code point', '👍🏽', '??'],
    ['combining mark alone', 'w\u0302', 'w?'],
    ['other scripts', 'Жук 猫', '??? ?'],
  ])('%s', (_, given, sent) => {
    expect(toSmsText(given)).toBe(sent);
  });
});

describe('13: white space and punctuation of a text', () => {
  it.each([
    ['runs collapse', 'a  \t b', 'a b'],
    ['no-break spaces are spaces', 'a\u00a0\u202fb', 'a b'],
    ['no space before a comma or full stop', 'Hello ,  you \t.', 'Hello, you.'],
    ['three newlines become two', 'a\n\n\n\nb', 'a\n\nb'],
    ['CRLF becomes LF', 'a\r\nb\rc', 'a\nb\nc'],
    ['Python’s line ends', 'a\u2028b\u0085c\vd', 'a\nb\nc\nd'],
    ['both ends go', ' \n a \n ', 'a'],
    ['each line is trimmed', 'a \n b', 'a\nb'],
  ])('%s', (_, given, sent) => {
    expect(toSmsText(given)).toBe(sent);
  });

  it('sends only characters that the networks carry, whatever comes in', () => {
    const allowed =
      /^[@£$¥èéùìòÇ\nØøÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !"#¤%&'()*+,\-./0-9:;<=>?¡A-ZÄÖÑÜ§¿a-zäöñüà^{}\\[~\]|€ÀÁÂÈÊËÌÍÎÏÒÓÔÙÚÛÝáâêëíîïóôúûýÿŴŵŶŷŸẀẁẂẃẄẅỲỳ]*$/u;
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => allowed.test(toSmsText(text.replaceAll('\u001b', '')))),
    );
  });
});

describe('14.2 and 14.3: counting', () => {
  it.each([
    ['160 GSM characters', 'a'.repeat(160), undefined, 160, 1],
    ['161 GSM characters', 'a'.repeat(161), undefined, 161, 2],
    ['306 and 307', 'a'.repeat(307), undefined, 307, 3],
    ['an extension character takes two', `${'a'.repeat(159)}€`, undefined, 160, 2],
    ['one Welsh letter makes 70 the limit', `${'a'.repeat(69)}ŵ`, undefined, 70, 1],
    ['71 with a Welsh letter', `${'a'.repeat(70)}ô`, undefined, 71, 2],
    ['é, à, ä, ö, ü and ñ are in GSM', `${'a'.repeat(154)}éàäöüñ`, undefined, 160, 1],
    ['emoji become question marks', '👍'.repeat(160), undefined, 160, 1],
    ['918 euros pass and bill twelve', '€'.repeat(918), undefined, 918, 12],
    ['918 ŵ bill fourteen', 'ŵ'.repeat(918), undefined, 918, 14],
    ['the prefix bills but does not count', 'a'.repeat(150), 'Example NHS', 150, 2],
    ['the prefix is trimmed', 'a'.repeat(157), ' E ', 157, 1],
  ])('%s', (_, text, prefix, characters, fragments) => {
    expect(countSms(text, prefix)).toEqual({ characters, fragments });
  });

  it('refuses from 919 characters', () => {
    expect(SMS_MAX_CHARACTERS).toBe(918);
  });

  it('counts what is sent', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => countSms(text).characters === toSmsText(text).length),
    );
  });
});
