#!/usr/bin/perl
# currency_table.pl: writes src/type/currency_table.h from src/type/currency.csv, the currencies of today,
# and src/type/currency_withdrawn_table.h from src/type/currency_withdrawn.csv, those that the euro replaced.
#
#   tools/currency_table.pl          writes the headers
#   tools/currency_table.pl --check  fails when a header is not what its CSV says
#
# A code without a minor unit (gold, XTS, XXX) gets no decimals: its amounts
# are whole units.  Names are ASCII, so that every server encoding holds them.
use strict;
use warnings;
use FindBin qw($Bin);

my $directory = "$Bin/../src/type";
my %taken;

sub slurp
{
	my ($path) = @_;
	open my $file, '<', $path or die "could not read $path: $!\n";
	local $/;
	return scalar <$file>;
}

sub table
{
	my ($name, $title) = @_;
	my $source = "$directory/$name.csv";
	my @lines = split /\n/, slurp($source);
	my $heading = shift @lines;
	die "$source: unexpected heading \"$heading\"\n"
	  unless $heading eq 'code,numeric_code,minor_unit,name';

	my $table = <<"HEADER";
/*
 * ${name}_table.h
 *		$title, in the order of their codes.
 *
 * Generated from $name.csv by tools/currency_table.pl: do not edit.
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
		die "$source: \"$code\" is a currency twice\n" if $taken{$code}++;
		die "$source: the name of \"$code\" needs quoting\n" if $name =~ /["\\]/;
		$previous = $code;

		my $letters = join ', ', map { "'$_'" } split //, $code;
		my $decimals = $minor_unit eq '' ? 0 : $minor_unit;
		$table .= "{AR_CURRENCY($letters, $decimals), \"$numeric_code\", \"$name\"},\n";
	}
	return $table;
}

foreach (
	[ 'currency', 'The currencies of ISO 4217' ],
	[ 'currency_withdrawn', 'The currencies that the euro replaced' ])
{
	my ($name, $title) = @$_;
	my $target = "$directory/${name}_table.h";
	my $table = table($name, $title);

	if (@ARGV && $ARGV[0] eq '--check')
	{
		die "$target is not what $name.csv says: run tools/currency_table.pl\n"
		  unless -e $target && slurp($target) eq $table;
		next;
	}
	open my $file, '>', $target or die "could not write $target: $!\n";
	print $file $table;
	close $file or die "could not write $target: $!\n";
}
