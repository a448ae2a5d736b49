/*
 * card.h
 *		Numbers of payment cards, which must not be stored.
 */
#ifndef AR_CASH_CARD_H
#define AR_CASH_CARD_H

#include "c.h"

extern bool ar_has_card_number(const char *text, int length);
extern bool ar_mask_card_numbers(char *text, int length);

#endif							/* AR_CASH_CARD_H */
