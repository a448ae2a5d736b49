/*
 * qr.c
 *		QR codes (ISO/IEC 18004) as SVG, encoded by libqrencode.
 *
 * A *module* is one of the squares a code is made of; the *quiet zone* is the
 * blank margin that a reader needs around it.
 */
#include "postgres.h"

#include <qrencode.h>

#include "fmgr.h"
#include "lib/stringinfo.h"
#include "mb/pg_wchar.h"
#include "utils/builtins.h"

#include "compat.h"

PG_FUNCTION_INFO_V1(ar_qr_code_svg);

#define QUIET_ZONE		4		/* modules, as the standard asks */

/*
 * level_of: the level of error correction that a letter stands for.
 */
static QRecLevel
level_of(text *letter)
{
	static const char levels[] = {
		[QR_ECLEVEL_L] = 'L',
		[QR_ECLEVEL_M] = 'M',
		[QR_ECLEVEL_Q] = 'Q',
		[QR_ECLEVEL_H] = 'H',
	};

	if (VARSIZE_ANY_EXHDR(letter) == 1)
	{
		for (int level = 0; level < lengthof(levels); level++)
		{
			if (levels[level] == *VARDATA_ANY(letter))
				return (QRecLevel) level;
		}
	}
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("unknown level of error correction \"%s\"",
					text_to_cstring(letter)),
			 errhint("The levels are L (7 %% of a code may be lost), M (15 %%), Q (25 %%) and H (30 %%).")));
}

/*
 * append_modules: the dark modules as one path.  A run of them in a row is one
 * rectangle, so that no hairline shows between neighbours in print.
 */
static void
append_modules(StringInfo svg, const unsigned char *modules, int width)
{
	for (int y = 0; y < width; y++)
	{
		int			x = 0;

		while (x < width)
		{
			int			start = x;

			/* The lowest bit says dark; the others are the encoder's. */
			while (x < width && (modules[y * width + x] & 1))
				x++;
			if (x > start)
				appendStringInfo(svg, "M%d %dh%dv1h-%dz", start + QUIET_ZONE,
								 y + QUIET_ZONE, x - start, x - start);
			else
				x++;
		}
	}
}

/*
 * ar_qr_code_svg: the QR code of a text as an SVG element.  The text is encoded
 * as the bytes of its UTF-8, whatever the encoding of the database is.
 */
Datum
ar_qr_code_svg(PG_FUNCTION_ARGS)
{
	text	   *content = PG_GETARG_TEXT_PP(0);
	QRecLevel	level = level_of(PG_GETARG_TEXT_PP(1));
	char	   *bytes;
	QRcode	   *code;
	StringInfoData svg;

	bytes = pg_server_to_any(text_to_cstring(content),
							 VARSIZE_ANY_EXHDR(content), PG_UTF8);
	if (*bytes == '\0')
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("a QR code needs a text to encode")));

	code = QRcode_encodeData(strlen(bytes), (const unsigned char *) bytes,
							 0, level);
	if (code == NULL)
	{
		int			encode_errno = errno;

		if (encode_errno == ERANGE)
			ereport(ERROR,
					(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
					 errmsg("%zu bytes are too many for a QR code",
							strlen(bytes)),
					 errhint("The largest takes 2953 bytes at level L, 2331 at M, 1663 at Q and 1273 at H.")));
		if (encode_errno == ENOMEM)
			ereport(ERROR,
					(errcode(ERRCODE_OUT_OF_MEMORY),
					 errmsg("out of memory")));
		errno = encode_errno;
		elog(ERROR, "could not encode a QR code: %m");
	}

	/* The code is the library's memory, which no error of ours would free. */
	PG_TRY();
	{
		int			size = code->width + 2 * QUIET_ZONE;

		initStringInfo(&svg);
		appendStringInfo(&svg,
						 "<svg xmlns=\"http://www.w3.org/2000/svg\" "
						 "viewBox=\"0 0 %d %d\" shape-rendering=\"crispEdges\">"
						 "<path fill=\"#fff\" d=\"M0 0h%dv%dH0z\"/><path d=\"",
						 size, size, size, size);
		append_modules(&svg, code->data, code->width);
		appendStringInfoString(&svg, "\"/></svg>");
	}
	PG_FINALLY();
	{
		QRcode_free(code);
	}
	PG_END_TRY();

	PG_RETURN_TEXT_P(cstring_to_text_with_len(svg.data, svg.len));
}
