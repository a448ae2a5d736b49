/* JDBC. */

import java.sql.*;
import java.util.*;

public class Jdbc {
    static final String[] COLUMNS = {"amount", "charged", "bucket", "status", "terms", "amounts"};
    static final String[] ROW = {"USD -1234.50", "EUR 0.01", "31-60", "partial", "30% due on receipt, 70% 2/10 net 60"};
    static Connection connection;

    static void show(String name, Object value) {
        System.out.println(name + "=" + value);
    }

    /* As strings, or as Types.OTHER, whose type the server finds out. */
    static void insert(int place, boolean asOther, String[] row, Array amounts) throws SQLException {
        try (PreparedStatement insert = connection.prepareStatement("INSERT INTO kept VALUES (?, ?, ?, ?, ?, ?, ?, ?)")) {
            insert.setString(1, "jdbc");
            insert.setInt(2, place);
            for (int i = 0; i < row.length; i++) {
                if (row[i] == null)
                    insert.setNull(3 + i, Types.OTHER);
                else if (asOther)
                    insert.setObject(3 + i, row[i], Types.OTHER);
                else
                    insert.setString(3 + i, row[i]);
            }
            insert.setArray(8, amounts);
            insert.executeUpdate();
        }
    }

    static String one(String query, String... parameters) throws SQLException {
        try (PreparedStatement statement = connection.prepareStatement(query)) {
            for (int i = 0; i < parameters.length; i++)
                statement.setString(1 + i, parameters[i]);
            try (ResultSet result = statement.executeQuery()) {
                result.next();
                return result.getString(1);
            }
        }
    }

    public static void main(String[] arguments) throws Exception {
        connection = DriverManager.getConnection("jdbc:postgresql://" + arguments[0] + ":" + arguments[1] + "/" + arguments[2] + "?user=" + arguments[3]);
        Array amounts = connection.createArrayOf("ar.monetary", new String[] {"EUR 1.00", null, "USD -92233720368547758.08"});
        insert(1, false, ROW, amounts);
        insert(2, true, new String[5], null);
        insert(3, true, ROW, amounts);

        /* Often enough that the driver prepares it on the server, and asks for binary where it knows how. */
        try (PreparedStatement select = connection.prepareStatement("SELECT " + String.join(", ", COLUMNS) + " FROM kept WHERE driver = 'jdbc' AND place = ?")) {
            for (int i = 1; i <= 7; i++) {
                select.setInt(1, 1);
                try (ResultSet result = select.executeQuery()) {
                    result.next();
                    if (i < 7)
                        continue;
                    for (int column = 1; column <= 5; column++)
                        show(COLUMNS[column - 1], result.getString(column));
                    List<String> elements = new ArrayList<>();
                    for (Object element : (Object[]) result.getArray(6).getArray())
                        elements.add(element == null ? "null" : element.toString());
                    show("amounts", String.join("|", elements));
                    show("class", result.getObject(1).getClass().getSimpleName() + " " + result.getMetaData().getColumnTypeName(1));
                }
            }
            select.setInt(1, 2);
            try (ResultSet result = select.executeQuery()) {
                result.next();
                List<String> nulls = new ArrayList<>();
                for (int column = 1; column <= COLUMNS.length; column++)
                    nulls.add(String.valueOf(result.getString(column)));
                show("nulls", String.join("|", nulls));
            }
        }
        show("parameter", one("SELECT ar.abs(CAST(? AS ar.monetary))", "USD -1.25"));
        show("cast", one("SELECT amount::numeric FROM kept WHERE driver = 'jdbc' AND place = 1"));
        String[][] refused = {{"currency", null, "USD 1.00", null, null, null}, {"malformed", "USD 1.005", null, null, null, null}};
        for (String[] row : refused) {
            try {
                insert(4, false, Arrays.copyOfRange(row, 1, 6), null);
            } catch (SQLException error) {
                show(row[0], error.getSQLState());
            }
        }
    }
}
