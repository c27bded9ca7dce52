// Apache Commons Net's FTPSClient. It opens each data connection as a new TLS session; where the
// server wants the control connection's, the well-known trick files that session in the JDK's cache
// under the data connection's address, by reflection (the JVM needs --add-opens for it). With TLS
// 1.3 it must be the session of the newest ticket: a ticket serves once, and getSession() has none.
import java.io.FileInputStream;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.lang.reflect.Field;
import java.lang.reflect.Method;
import java.net.Socket;
import java.nio.file.Path;
import java.security.KeyStore;
import java.security.cert.CertificateFactory;
import java.util.Arrays;
import java.util.Locale;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLSession;
import javax.net.ssl.SSLSessionContext;
import javax.net.ssl.SSLSocket;
import javax.net.ssl.TrustManagerFactory;
import org.apache.commons.net.ftp.FTP;
import org.apache.commons.net.ftp.FTPReply;
import org.apache.commons.net.ftp.FTPSClient;

public class CommonsNet {
    static class ResumingClient extends FTPSClient {
        ResumingClient(boolean implicit, SSLContext context) {
            super(implicit, context);
        }

        private static String key(String host, int port) {
            return (host + ":" + port).toLowerCase(Locale.ROOT);
        }

        private static Object call(Object cache, String name, Object... arguments)
            throws ReflectiveOperationException {
            Class<?>[] types = new Class<?>[arguments.length];
            Arrays.fill(types, Object.class);
            Method method = cache.getClass().getDeclaredMethod(name, types);
            method.setAccessible(true);
            return method.invoke(cache, arguments);
        }

        @Override
        protected void _prepareDataSocket_(Socket socket) throws IOException {
            SSLSession session = ((SSLSocket) _socket_).getSession();
            SSLSessionContext context = session.getSessionContext();
            try {
                Field field = context.getClass().getDeclaredField("sessionHostPortCache");
                field.setAccessible(true);
                Object cache = field.get(context);
                String control = key(session.getPeerHost(), session.getPeerPort());
                Object newest = call(cache, "get", control);
                for (String host : new String[] {
                         socket.getInetAddress().getHostName(),
                         socket.getInetAddress().getHostAddress()}) {
                    call(cache, "put", key(host, socket.getPort()),
                         newest == null ? session : newest);
                }
            } catch (ReflectiveOperationException exception) {
                throw new IOException("the JDK's session cache is not where it was", exception);
            }
        }
    }

    static SSLContext trusting(String file) throws Exception {
        KeyStore store = KeyStore.getInstance(KeyStore.getDefaultType());
        store.load(null, null);
        try (InputStream pem = new FileInputStream(file)) {
            store.setCertificateEntry(
                "ca", CertificateFactory.getInstance("X.509").generateCertificate(pem));
        }
        TrustManagerFactory trust =
            TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
        trust.init(store);
        SSLContext context = SSLContext.getInstance("TLS");
        context.init(null, trust.getTrustManagers(), null);
        return context;
    }

    static void check(FTPSClient client, boolean done, String step) {
        if (!done) {
            System.err.println(step + ": " + client.getReplyString().trim());
            System.exit(1);
        }
    }

    public static void main(String[] arguments) {
        try {
            session(arguments);
        } catch (Exception exception) {
            System.err.println(exception);
            System.exit(1);
        }
    }

    static void session(String[] arguments) throws Exception {
        String host = arguments[0];
        String file = arguments[6];
        String name = Path.of(file).getFileName().toString();
        boolean implicit = arguments[2].equals("implicit");
        SSLContext context = trusting(arguments[5]);
        FTPSClient client = arguments[8].equals("require") ? new ResumingClient(implicit, context)
                                                           : new FTPSClient(implicit, context);
        client.setEnabledProtocols(new String[] {"TLSv" + arguments[3]});
        client.setConnectTimeout(25000);
        client.setDefaultTimeout(25000);
        client.setDataTimeout(java.time.Duration.ofSeconds(25));
        client.connect(host, Integer.parseInt(arguments[1]));
        check(client, FTPReply.isPositiveCompletion(client.getReplyCode()), "connect");
        check(client, client.login("ftp", "secret"), "login");
        client.execPBSZ(0);
        client.execPROT("P");
        check(client, client.setFileType(FTP.BINARY_FILE_TYPE), "type");
        if (arguments[4].equals("passive")) {
            client.enterLocalPassiveMode();
        }
        try (InputStream in = new FileInputStream(file)) {
            check(client, client.storeFile(name, in), "upload");
        }
        System.out.println("upload");
        String[] names = client.listNames();
        check(client, names != null, "list");
        if (!Arrays.asList(names).contains(name)) {
            System.err.println("the listing lacks the file");
            System.exit(1);
        }
        System.out.println("list");
        try (OutputStream out = new FileOutputStream(arguments[7])) {
            check(client, client.retrieveFile(name, out), "download");
        }
        System.out.println("download");
        check(client, client.logout(), "quit");
        client.disconnect();
    }
}
