#!/usr/bin/perl
# currency_table.pl: writes src/type/currency_table.h from src/type/currency.csv.
#
#   tools/currency_table.pl          writes the header
#   tools/currency_table.pl --check  fails when the header is not what the CSV says
#
# A code without a minor unit (gold, XTS, XXX) gets no decimals: its amounts
# are whole units.  Names are ASCII, so that every server encoding holds them.
use strict;
use warnings;
use FindBin qw($Bin);

my $source = "$Bin/../src/type/currency.csv";
my $target = "$Bin/../src/type/currency_table.h";

sub slurp
{
	my ($path) = @_;
	open my $file, '<', $path or die "could not read $path: $!\n";
	local $/;
	return scalar <$file>;
}

my @lines = split /\n/, slurp($source);
my $heading = shift @lines;
die "$source: unexpected heading \"$heading\"\n"
  unless $heading eq 'code,numeric_code,minor_unit,name';

my $table = <<'HEADER';
/*
 * currency_table.h
 *		The currencies of ISO 4217, in the order of their codes.
 *
 * Generated from currency.csv by tools/currency_table.pl: do not edit.
 */
HEADER

my $previous = '';
foreach my $line (@lines)
{
	my ($code, $numeric_code, $minor_unit, $name) =
	  $line =~ /^([A-Z]{3}),([0-9]{3}),([0-9]?),([ -~]+)$/
	  or die "$source: cannot understand \"$line\"\n";
	die "$source: \"$code\" does not come after \"$previous\"\n"
	  unless $code gt $previous;
	die "$source: the name of \"$code\" needs quoting\n" if $name =~ /["\\]/;
	$previous = $code;

	my $letters = join ', ', map { "'$_'" } split //, $code;
	my $decimals = $minor_unit eq '' ? 0 : $minor_unit;
	$table .= "{AR_CURRENCY($letters, $decimals), \"$numeric_code\", \"$name\"},\n";
}

if (@ARGV && $ARGV[0] eq '--check')
{
	die "$target is not what $source says: run tools/currency_table.pl\n"
	  unless -e $target && slurp($target) eq $table;
	exit 0;
}
open my $file, '>', $target or die "could not write $target: $!\n";
print $file $table;
close $file or die "could not write $target: $!\n";
